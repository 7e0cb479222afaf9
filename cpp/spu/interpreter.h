// The one interpreter of the process, and calls into the Python half of this library (bridge.py, xla.py).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <new>
#include <utility>

#include "hawser_spu.h"
#include "spu/objects.h"
#include "spu/python.h"

namespace hawser::spu {

int32_t start(const char* environment, hawser_spu_error* error);
bool started();

// Calls a function of bridge.py or xla.py, with the interpreter held. Throws Raised.
Ref call(const char* function, std::initializer_list<PyObject*> arguments);

int32_t fail(hawser_spu_error* error, int32_t code, const char* text);
// Tells the Python exception that is set, and clears it.
int32_t fail_as_raised(hawser_spu_error* error);

// Runs `body` in the interpreter; what it throws becomes the error.
template <typename Body>
int32_t enter(hawser_spu_error* error, Body&& body) {
  if (!started()) {
    return fail(error, HAWSER_UNSUPPORTED, "libspu is not loaded: call hawser_spu_start first");
  }
  const Entered entered;
  try {
    drop_sent();
    drop_released();
    std::forward<Body>(body)();
    return HAWSER_OK;
  } catch (const Raised&) {
    return fail_as_raised(error);
  } catch (const std::bad_alloc&) {
    return fail(error, HAWSER_OUT_OF_MEMORY, "there is no memory left");
  }
}

}  // namespace hawser::spu
