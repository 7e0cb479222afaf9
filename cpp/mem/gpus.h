// The GPUs of this machine and their memory, for those who know nothing of CUDA's types. HAWSER_UNSUPPORTED tells why
// there are none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace hawser {

struct GpuFacts {
  int number = 0;
  std::string name;
  uint64_t bytes = 0;  // of its memory
};

// [any] `driver` is the version of CUDA that the driver brings, "13.0".
Status list_gpus(std::string* driver, std::vector<GpuFacts>* out);

// [any] The GPU whose memory these bytes are; HAWSER_INVALID_ARGUMENT when they are not one allocation's.
Status find_gpu(const void* address, uint64_t bytes, int* gpu);

// [any, blocks] Between any two memories of the host and of GPUs.
Status copy_by_gpu(int gpu, void* to, const void* from, uint64_t bytes);

// [any, blocks] Zeroed memory of the host that every GPU sees at its own address.
Status allocate_pinned(uint64_t bytes, std::shared_ptr<unsigned char[]>* out);

// [any] As hawser_cuda_export_dmabuf.
Status export_dmabuf(const void* address, uint64_t bytes, int* fd, uint64_t* offset);

// While it lives, the GPU is the calling thread's current one, for code that is not ours and asks CUDA which that is.
// Changes nothing where there is no such GPU.
class CurrentGpu {
 public:
  explicit CurrentGpu(int gpu);

 private:
  std::shared_ptr<void> on_;
};

}  // namespace hawser
