// The functions of a library that was loaded at run time.
#pragma once

#include <dlfcn.h>

namespace hawser {

// False when the library has none of that name.
template <typename Function>
bool look_up(void* library, const char* name, Function* out) {
  *out = reinterpret_cast<Function>(dlsym(library, name));
  return *out != nullptr;
}

}  // namespace hawser
