#include "port/cuda/memory.h"

#include <map>

namespace hawser::port {

using cuda::Gpu;
using cuda::OnGpu;

namespace {

// How many need a mapping pinned, by its address.
struct Pins {
  std::mutex mutex;
  struct Pin {
    size_t users = 0;
    bool ours = false;  // else the caller's own program has pinned it
  };
  std::map<const void*, Pin> by_address;
};

Pins& pins() {
  static auto* const all = new Pins;
  return *all;
}

}  // namespace

Status Pinned::pin(const Gpu& gpu, std::shared_ptr<SharedMemory> memory, std::unique_ptr<Pinned>* out) {
  const OnGpu on(gpu);
  if (!on.status().ok()) return on.status();
  const cuda::Driver& driver = gpu.driver();
  const std::scoped_lock lock(pins().mutex);
  void* const address = memory->data();
  Pins::Pin& pin = pins().by_address[address];
  if (pin.users == 0) {
    const CUresult result =
        driver.cuMemHostRegister(address, memory->size(), CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP);
    pin.ours = result == CUDA_SUCCESS;
    if (!pin.ours && result != CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED) {
      pins().by_address.erase(address);
      return gpu.check(result, "it cannot pin " + std::to_string(memory->size()) + " bytes of host memory");
    }
  }
  ++pin.users;
  std::unique_ptr<Pinned> pinned(new Pinned(gpu, std::move(memory)));
  *out = std::move(pinned);
  return gpu.check(driver.cuMemHostGetDevicePointer(&(*out)->start_, address, 0), "it does not see pinned host memory");
}

Pinned::~Pinned() {
  const OnGpu on(gpu_);
  const std::scoped_lock lock(pins().mutex);
  const auto found = pins().by_address.find(memory_->data());
  if (--found->second.users != 0) return;
  if (found->second.ours) gpu_.driver().cuMemHostUnregister(memory_->data());
  pins().by_address.erase(found);
}

CUdeviceptr Pinned::on_device(const void* address) const {
  return start_ + static_cast<uint64_t>(static_cast<const unsigned char*>(address) - memory_->data());
}

Status place_of(const Memory& memory, DevicePlace* out) {
  Gpu* gpu = nullptr;
  Status status = Gpu::of(memory.address(), &gpu);
  if (!status.ok()) return {status.code(), memory.name() + ": " + status.text()};
  const OnGpu on(*gpu);
  if (!on.status().ok()) return on.status();
  const cuda::Driver& driver = gpu->driver();
  const auto address = reinterpret_cast<CUdeviceptr>(memory.address());
  CUdeviceptr base = 0;
  size_t size = 0;
  status = gpu->check(driver.cuMemGetAddressRange(&base, &size, address), memory.name() + " is in no allocation");
  if (!status.ok()) return status;
  if (memory.bytes() > size - (address - base)) {
    return {HAWSER_INVALID_ARGUMENT,
            memory.name() + " ends behind its allocation, which has " + std::to_string(size) + " bytes"};
  }
  out->address = address;
  out->gpu = gpu->number();
  out->offset = address - base;
  return gpu->check(driver.cuIpcGetMemHandle(&out->handle, base),
                    memory.name() + " cannot be shared: allocate it by cudaMalloc or hawser_cuda_allocate");
}

Status CudaOwn::prepare(const Gpu& gpu) {
  if (near_->shared() == nullptr) return {};
  const std::scoped_lock lock(mutex_);
  return pinned_ != nullptr ? Status() : Pinned::pin(gpu, near_->shared(), &pinned_);
}

CudaPeer::~CudaPeer() {
  for (const Opened& opened : opened_) {
    const OnGpu on(*opened.gpu);
    if (opened.base != 0) opened.gpu->driver().cuIpcCloseMemHandle(opened.base);
  }
}

Status CudaPeer::address(Gpu& gpu, CUdeviceptr* out) {
  const std::scoped_lock lock(mutex_);
  for (const Opened& opened : opened_) {
    if (opened.gpu != &gpu) continue;
    *out = opened.address;
    return {};
  }
  Opened fresh{&gpu, 0, 0};
  if (Status status = open(gpu, &fresh); !status.ok()) return {status.code(), name_ + ": " + status.text()};
  opened_.push_back(fresh);
  *out = fresh.address;
  return {};
}

Status CudaPeer::open(Gpu& gpu, Opened* out) {
  if (place_.gpu < 0) {
    if (pinned_ == nullptr) {
      if (Status status = Pinned::pin(gpu, near_->shared(), &pinned_); !status.ok()) return status;
    }
    out->address = pinned_->on_device(near_->data());
    return {};
  }
  // A handle cannot be opened by the process that made it.
  if (here_) {
    out->address = place_.address;
    Gpu* owner = nullptr;
    Status status = Gpu::of(reinterpret_cast<const void*>(place_.address), &owner);
    return status.ok() ? gpu.reach(*owner) : status;
  }
  return open_handle(gpu, out);
}

Status CudaPeer::open_handle(Gpu& gpu, Opened* out) {
  const OnGpu on(gpu);
  if (!on.status().ok()) return on.status();
  const cuda::Driver& driver = gpu.driver();
  Status status = gpu.check(driver.cuIpcOpenMemHandle(&out->base, place_.handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS),
                            "it cannot open memory of the peer's GPU " + std::to_string(place_.gpu));
  if (!status.ok()) return status;
  size_t size = 0;
  CUdeviceptr start = 0;
  status = gpu.check(driver.cuMemGetAddressRange(&start, &size, out->base), "it does not know the peer's memory");
  if (status.ok() && (place_.offset > size || bytes_ > size - place_.offset)) {
    status = Status(HAWSER_INVALID_ARGUMENT, "it ends behind its allocation");
  }
  if (!status.ok()) {
    driver.cuIpcCloseMemHandle(out->base);
    return status;
  }
  out->address = out->base + place_.offset;
  return {};
}

}  // namespace hawser::port
