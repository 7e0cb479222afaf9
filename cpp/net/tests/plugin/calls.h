// How the test plugin's calls come to find nothing or to fail.
#pragma once

#include "net/nccl_abi.h"
#include "net/tests/plugin/test_plugin.h"

namespace hawser::testing {

inline PluginFaults faults;
inline nccl::Logger say = nullptr;

// Whether this call finds nothing, or fails.
inline bool takes_one(std::atomic<int>& counter) {
  int left = counter.load();
  while (left > 0 && !counter.compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

inline bool fails(std::atomic<int>& left) {
  if (left.load() < 0) return false;
  return left.fetch_sub(1) == 0;
}

inline nccl::Result failed(const char* what) {
  if (say != nullptr) {
    say(nccl::kLogWarn, nccl::kLogNet, __FILE__, __LINE__, "test plugin: %s was\nmade to fail", what);
  }
  return static_cast<nccl::Result>(faults.error.load());
}

}  // namespace hawser::testing
