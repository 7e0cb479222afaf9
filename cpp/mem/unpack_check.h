// What stands between a batch and memory that is not its own.
#pragma once

#include <vector>

#include "base/status.h"
#include "hawser_mem.h"

namespace hawser {

// Of all fragments together.
uint64_t bytes_of(const hawser_unpack_batch& batch);

class UnpackCheck {
 public:
  // OK, or HAWSER_INVALID_ARGUMENT with what is wrong. One look at each descriptor where they are in the order of their
  // destination, and a sort in memory that is kept where they are not.
  Status check(const hawser_unpack_batch& batch);

 private:
  Status check_unordered(const hawser_unpack_batch& batch);
  void sort();

  std::vector<hawser_unpack_descriptor> sorted_;
  std::vector<hawser_unpack_descriptor> spare_;
};

}  // namespace hawser
