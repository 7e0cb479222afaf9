// Zeroed, page-aligned memory that the kernel backs on first touch.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

#include "base/status.h"

namespace hawser {

class Mapping {
 public:
  Mapping() = default;
  ~Mapping() { reset(); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  Status allocate(size_t bytes) {
    reset();
    void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) {
      return Status::from_errno(HAWSER_OUT_OF_MEMORY, "cannot map " + std::to_string(bytes) + " bytes");
    }
    data_ = address;
    bytes_ = bytes;
    return {};
  }

  void reset() {
    if (data_ != nullptr) munmap(std::exchange(data_, nullptr), std::exchange(bytes_, 0));
  }

  unsigned char* data() const { return static_cast<unsigned char*>(data_); }
  size_t size() const { return bytes_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace hawser
