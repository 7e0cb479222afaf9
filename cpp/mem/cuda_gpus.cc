#include <unistd.h>

#include <array>

#include "mem/cuda_driver.h"
#include "mem/gpus.h"

namespace hawser {

using cuda::Gpu;
using cuda::OnGpu;

Status list_gpus(std::string* driver_version, std::vector<GpuFacts>* out) {
  out->clear();
  const cuda::Driver* driver = nullptr;
  if (Status status = cuda::Driver::get(&driver); !status.ok()) return status;
  *driver_version = std::to_string(driver->version() / 1000) + "." + std::to_string(driver->version() % 1000 / 10);
  for (int number = 0; number < driver->devices(); ++number) {
    GpuFacts facts;
    facts.number = number;
    CUdevice device = 0;
    std::array<char, 128> name{};
    size_t bytes = 0;
    const std::string who = "GPU " + std::to_string(number);
    Status status = driver->check(driver->cuDeviceGet(&device, number), who + " is not there");
    if (status.ok()) {
      status = driver->check(driver->cuDeviceGetName(name.data(), static_cast<int>(name.size()) - 1, device),
                             who + " has no name");
    }
    if (status.ok()) status = driver->check(driver->cuDeviceTotalMem(&bytes, device), who + " tells no memory");
    if (!status.ok()) return status;
    facts.name = name.data();
    facts.bytes = bytes;
    out->push_back(std::move(facts));
  }
  return {};
}

Status find_gpu(const void* address, uint64_t bytes, int* gpu) {
  Gpu* owner = nullptr;
  if (Status status = Gpu::of(address, &owner); !status.ok()) return status;
  const OnGpu on(*owner);
  if (!on.status().ok()) return on.status();
  const auto start = reinterpret_cast<CUdeviceptr>(address);
  CUdeviceptr base = 0;
  size_t size = 0;
  Status status =
      owner->check(owner->driver().cuMemGetAddressRange(&base, &size, start), "it does not know the memory");
  if (!status.ok()) return status;
  if (bytes > size - (start - base)) {
    return {HAWSER_INVALID_ARGUMENT, std::to_string(bytes) + " bytes end behind their allocation of GPU " +
                                         std::to_string(owner->number()) + ", which has " + std::to_string(size)};
  }
  *gpu = owner->number();
  return {};
}

Status copy_by_gpu(int gpu, void* to, const void* from, uint64_t bytes) {
  Gpu* owner = nullptr;
  Status status = Gpu::get(gpu, &owner);
  return status.ok() ? owner->copy(to, from, bytes) : status;
}

Status allocate_pinned(uint64_t bytes, std::shared_ptr<unsigned char[]>* out) {
  Gpu* gpu = nullptr;
  if (Status status = Gpu::get(0, &gpu); !status.ok()) return status;
  void* memory = nullptr;
  CUdeviceptr unused = 0;
  if (Status status = gpu->allocate_pinned(bytes, &memory, &unused); !status.ok()) return status;
  out->reset(static_cast<unsigned char*>(memory), [gpu](unsigned char* pinned) { gpu->free_pinned(pinned); });
  return {};
}

Status export_dmabuf(const void* address, uint64_t bytes, int* fd, uint64_t* offset) {
  Gpu* gpu = nullptr;
  if (Status status = Gpu::of(address, &gpu); !status.ok()) return status;
  const OnGpu on(*gpu);
  if (!on.status().ok()) return on.status();
  const cuda::Driver& driver = gpu->driver();
  int able = 0;
  Status status = gpu->check(driver.cuDeviceGetAttribute(&able, CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED, gpu->device()),
                             "it does not tell whether it has DMA-BUF");
  if (!status.ok()) return status;
  if (able == 0) {
    return {HAWSER_UNSUPPORTED, "GPU " + std::to_string(gpu->number()) +
                                    " exports no DMA-BUF: that takes the open kernel modules of its driver"};
  }
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<uint64_t>(address);
  *offset = start % page;
  const uint64_t whole = (*offset + bytes + page - 1) / page * page;
  return gpu->check(
      driver.cuMemGetHandleForAddressRange(fd, start - *offset, whole, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0),
      "it cannot export " + std::to_string(bytes) + " bytes as a DMA-BUF");
}

CurrentGpu::CurrentGpu(int gpu) {
  Gpu* owner = nullptr;
  if (Gpu::get(gpu, &owner).ok()) on_ = std::make_shared<OnGpu>(*owner);
}

}  // namespace hawser
