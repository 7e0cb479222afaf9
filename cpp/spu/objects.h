// What other languages hold of the interpreter: objects by handle, and the bytes of asynchronous sends by token. Giving
// them up takes no lock and does not enter the interpreter; whoever enters it next lets them go.
#pragma once

#include <cstdint>

#include "hawser_spu.h"
#include "spu/python.h"

namespace hawser::spu {

// With the interpreter held. Throws std::bad_alloc.
int64_t hold(Ref object);
// A borrowed reference. Throws Raised (ReferenceError) for a handle that was released.
PyObject* held(int64_t handle);
// Keeps the bytes object until the token is sent. With the interpreter held.
int64_t hold_until_sent(PyObject* bytes);

// Without the interpreter, never blocks.
void release(int64_t handle);
void sent(int64_t token);

// With the interpreter held.
void drop_sent();
void drop_released();

int64_t live_objects();
int64_t live_tokens();

}  // namespace hawser::spu
