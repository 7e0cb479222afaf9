// The GPUs that a test may use: the machine's, or those of the fake driver where the test is run with it.
#pragma once

#include <string>

#include "mem/cuda_driver.h"

namespace hawser::testing {

// How many there are; where there are none, `why` (may be null) gets the reason, to be told by a test that is skipped.
inline int gpus(std::string* why = nullptr) {
  const cuda::Driver* driver = nullptr;
  const Status status = cuda::Driver::get(&driver);
  const int count = status.ok() ? driver->devices() : 0;
  if (count == 0 && why != nullptr) *why = "there is no GPU: " + status.text();
  return count;
}

// Whether they are the fake driver's, which takes orders from a test.
inline bool gpus_are_fake() {
  const cuda::Driver* driver = nullptr;
  char name[64] = {};
  return cuda::Driver::get(&driver).ok() && driver->cuDeviceGetName(name, sizeof(name), 0) == CUDA_SUCCESS &&
         std::string(name).find("fake") != std::string::npos;
}

}  // namespace hawser::testing
