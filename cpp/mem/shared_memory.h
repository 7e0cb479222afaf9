// Memory that other processes on this host can map: a memfd, and a mapping of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.h"
#include "base/unique_fd.h"

namespace hawser {

class SharedMemory {
 public:
  // Zeroed and page-aligned. Found by its addresses until the last owner lets it go.
  static Status allocate(size_t bytes, std::shared_ptr<SharedMemory>* out);
  // Another process's, by the descriptor that it sent.
  static Status map(UniqueFd fd, size_t bytes, std::shared_ptr<SharedMemory>* out);
  // The allocation of this process that [address, +bytes) lies in, or null.
  static std::shared_ptr<SharedMemory> find(const void* address, size_t bytes);
  static std::shared_ptr<SharedMemory> by_number(uint64_t number);
  // Keeps it for callers who know but its address, until they release it.
  static void hold(std::shared_ptr<SharedMemory> memory);
  static void release(const void* address);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  unsigned char* data() const { return data_; }
  size_t size() const { return bytes_; }
  int fd() const { return fd_.get(); }
  uint64_t number() const { return number_; }  // unique in this process; 0: another process's

 private:
  SharedMemory(UniqueFd fd, unsigned char* data, size_t bytes, uint64_t number)
      : fd_(std::move(fd)), data_(data), bytes_(bytes), number_(number) {}
  UniqueFd fd_;
  unsigned char* data_;
  size_t bytes_;
  uint64_t number_;
};

}  // namespace hawser
