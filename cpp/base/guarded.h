// The border between C++ and the C ABI: what may throw (memory, in the main) comes out as a code and a text.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/status.h"

namespace hawser {

// Runs `body`, which returns a Status, and writes what it says to `error`, which may be null.
template <typename Body>
int32_t guarded(hawser_error* error, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)().write_to(error);
  } catch (const std::bad_alloc&) {
    return Status(HAWSER_OUT_OF_MEMORY, "out of memory").write_to(error);
  } catch (const std::exception& failure) {
    return Status(HAWSER_INTERNAL, std::string("unexpected: ") + failure.what()).write_to(error);
  }
}

}  // namespace hawser
