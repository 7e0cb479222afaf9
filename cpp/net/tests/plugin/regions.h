// Memory that is registered with a comm of the test plugin: the host's, and GPUs', which the host does not touch.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "mem/gpus.h"
#include "net/tests/plugin/calls.h"

namespace hawser::testing {

constexpr int kHost = -1;  // in a GPU's place

// Between memories of the host and of GPUs.
inline void copy(void* to, int to_gpu, const void* from, int from_gpu, size_t bytes) {
  if (bytes == 0) return;
  if (to_gpu == kHost && from_gpu == kHost) {
    std::memcpy(to, from, bytes);
  } else if (!copy_by_gpu(std::max(to_gpu, from_gpu), to, from, bytes).ok()) {
    ++faults.failed_copies;
  }
}

struct Region {
  char* data;
  size_t bytes;
  int gpu;

  bool holds(const void* at, size_t length) const {
    const auto* from = static_cast<const char*>(at);
    return from >= data && from + length <= data + bytes;
  }
};

class Regions {
 public:
  nccl::Result add(void* data, size_t bytes, int kind, void** handle) {
    auto region = std::make_unique<Region>(static_cast<char*>(data), bytes, kHost);
    if (kind == nccl::kPointerCuda) {
      if ((faults.pointer_kinds & nccl::kPointerCuda) == 0) return nccl::kInvalidUsage;
      if (fails(faults.gpu_memories_left)) return failed("the registration of a GPU's memory");
      if (!find_gpu(data, bytes, &region->gpu).ok()) return nccl::kInvalidArgument;
      ++faults.gpu_memories;
    }
    *handle = faults.null_memory ? nullptr : region.get();
    const void* key = region.get();
    regions_[key] = std::move(region);
    ++faults.registrations;
    return nccl::kSuccess;
  }

  nccl::Result add_dma_buf(void* data, size_t bytes, int kind, uint64_t offset, int fd, void** handle) {
    if ((faults.pointer_kinds & nccl::kPointerDmaBuf) == 0) return nccl::kInvalidUsage;
    if (faults.refuses_dma_buf) return failed("the registration of a DMA-BUF");
    const off_t size = lseek(fd, 0, SEEK_END);
    const bool right = kind == nccl::kPointerCuda && size >= 0 && static_cast<uint64_t>(size) >= offset + bytes;
    if (!right) return nccl::kInvalidArgument;
    ++faults.dma_bufs;
    return add(data, bytes, kind, handle);
  }

  nccl::Result remove(const void* handle) {
    if (regions_.erase(handle) == 0) return nccl::kInvalidArgument;
    --faults.registrations;
    return nccl::kSuccess;
  }

  // Null when there is none.
  const Region* find(const void* handle) const {
    const auto found = regions_.find(handle);
    return found == regions_.end() ? nullptr : found->second.get();
  }
  int size() const { return static_cast<int>(regions_.size()); }

 private:
  std::map<const void*, std::unique_ptr<Region>> regions_;
};

}  // namespace hawser::testing
