// Memories as GPUs reach them: of this process, or of a peer on the same host.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "mem/cuda_driver.h"
#include "port/near.h"

namespace hawser::port {

// Host memory that GPUs copy from and to and write words into. Pinned as a whole while anyone in the process needs it.
class Pinned {
 public:
  static Status pin(const cuda::Gpu& gpu, std::shared_ptr<SharedMemory> memory, std::unique_ptr<Pinned>* out);
  ~Pinned();
  // Where every GPU of the process sees it.
  CUdeviceptr on_device(const void* address) const;

 private:
  Pinned(const cuda::Gpu& gpu, std::shared_ptr<SharedMemory> memory) : gpu_(gpu), memory_(std::move(memory)) {}
  const cuda::Gpu& gpu_;
  std::shared_ptr<SharedMemory> memory_;
  CUdeviceptr start_ = 0;
};

// What of a memory of a GPU is told.
struct DevicePlace {
  uint64_t address = 0;  // good within its process
  int32_t gpu = -1;      // as its process counts, for messages
  uint32_t reserved = 0;
  CUipcMemHandle handle{};
  uint64_t offset = 0;  // from the start of the allocation that the handle is of
};

// The place of a memory of this process, of kind HAWSER_MEMORY_DEVICE.
Status place_of(const Memory& memory, DevicePlace* out);

// A memory of this process.
class CudaOwn : public Registration {
 public:
  explicit CudaOwn(std::unique_ptr<NearOwn> near) : near_(std::move(near)) {}
  void end() override { near_->end(); }
  // [any] Pins host memory, so that copies from it do not hold their caller up; of a GPU's there is nothing to do.
  Status prepare(const cuda::Gpu& gpu);

 private:
  std::unique_ptr<NearOwn> near_;
  std::mutex mutex_;
  std::unique_ptr<Pinned> pinned_;
};

// A peer's. Opened for a GPU when that first needs it.
class CudaPeer : public Registration {
 public:
  // `here`: of this very process.
  CudaPeer(const Memory& memory, bool here, std::unique_ptr<NearPeer> near, const DevicePlace& place)
      : name_(memory.name()), bytes_(memory.bytes()), here_(here), near_(std::move(near)), place_(place) {}
  ~CudaPeer() override;
  bool lives() const { return near_->lives(); }
  // [any] Where the GPU reaches it.
  Status address(cuda::Gpu& gpu, CUdeviceptr* out);

 private:
  struct Opened {
    cuda::Gpu* gpu;
    CUdeviceptr base;  // what the handle was opened at; 0: nothing to close
    CUdeviceptr address;
  };
  Status open(cuda::Gpu& gpu, Opened* out);
  Status open_handle(cuda::Gpu& gpu, Opened* out);

  const std::string name_;
  const uint64_t bytes_;
  const bool here_;
  std::unique_ptr<NearPeer> near_;
  DevicePlace place_;  // its gpu is -1 when the memory is of the host
  std::mutex mutex_;
  std::vector<Opened> opened_;
  std::unique_ptr<Pinned> pinned_;
};

}  // namespace hawser::port
