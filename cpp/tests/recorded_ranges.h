// What the ranges of a test's process were, as nvtx_recorder.cc remembers them. The recorder is in from the start: the
// first range of a process decides whether there are any.
#pragma once

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace hawser::testing {

const bool recording = setenv("NVTX_INJECTION64_PATH", NVTX_RECORDER, 1) == 0;

// The lines since the last call.
inline std::vector<std::string> recorded_ranges() {
  using Recorded = void (*)(char*, size_t);
  static std::array<char, 1 << 16> text;
  std::vector<std::string> lines;
  void* const library = dlopen(NVTX_RECORDER, RTLD_NOW);
  if (library == nullptr || !recording) return lines;
  reinterpret_cast<Recorded>(dlsym(library, "nvtx_recorded"))(text.data(), text.size());
  std::istringstream stream(text.data());
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace hawser::testing
