// The C ABI over memory of GPUs and pinned memory.
#include "base/guarded.h"
#include "hawser_mem.h"
#include "mem/cuda_driver.h"
#include "mem/gpus.h"

using hawser::guarded;
using hawser::Status;
using hawser::cuda::Driver;
using hawser::cuda::Gpu;

int32_t hawser_cuda_devices(int32_t* count, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    const Driver* driver = nullptr;
    Status status = Driver::get(&driver);
    if (status.ok()) *count = driver->devices();
    return status;
  });
}

int32_t hawser_cuda_allocate(int32_t device, uint64_t bytes, void** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    Gpu* gpu = nullptr;
    Status status = Gpu::get(device, &gpu);
    return status.ok() ? gpu->allocate(bytes, out) : status;
  });
}

void hawser_cuda_free(void* address) {
  (void)guarded(nullptr, [&]() -> Status {
    Gpu* gpu = nullptr;
    Status status = Gpu::of(address, &gpu);
    if (status.ok()) gpu->free(address);
    return status;
  });
}

int32_t hawser_cuda_copy(int32_t device, void* to, const void* from, uint64_t bytes, hawser_error* error) {
  return guarded(error, [&] { return hawser::copy_by_gpu(device, to, from, bytes); });
}

int32_t hawser_pinned_allocate(uint64_t bytes, void** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    Gpu* gpu = nullptr;
    Status status = Gpu::get(0, &gpu);
    CUdeviceptr ignored = 0;
    return status.ok() ? gpu->allocate_pinned(bytes, out, &ignored) : status;
  });
}

void hawser_pinned_free(void* address) {
  (void)guarded(nullptr, [&]() -> Status {
    Gpu* gpu = nullptr;
    Status status = Gpu::get(0, &gpu);
    if (status.ok()) gpu->free_pinned(address);
    return status;
  });
}

int32_t hawser_cuda_export_dmabuf(void* address, uint64_t bytes, int32_t* fd, uint64_t* offset, hawser_error* error) {
  return guarded(error, [&] { return hawser::export_dmabuf(address, bytes, fd, offset); });
}
