// The C ABI over GPUs.
#include <algorithm>

#include "base/guarded.h"
#include "port/cuda_bidir.h"
#include "port/cuda_fifo.h"
#include "port/handles.h"

using hawser::guarded;
using hawser::Nanos;
using hawser::Status;
using hawser::cuda::Driver;
using hawser::cuda::Gpu;
using hawser::cuda::OnGpu;
using hawser::port::CudaFifo;
using hawser::port::TriggerSource;

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
  return guarded(error, [&]() -> Status {
    Gpu* gpu = nullptr;
    Status status = Gpu::get(device, &gpu);
    return status.ok() ? gpu->copy(to, from, bytes) : status;
  });
}

int32_t hawser_channel_device(hawser_port_channel* channel, int32_t device, hawser_port_device_channel* out,
                              hawser_error* error) {
  return guarded(error, [&]() -> Status {
    Gpu* gpu = nullptr;
    if (Status status = Gpu::get(device, &gpu); !status.ok()) return status;
    hawser::port::ProxyService& proxy = channel->channel->proxy();
    TriggerSource* source = nullptr;
    Status status = proxy.source(
        device, [&](std::unique_ptr<TriggerSource>* made) { return CudaFifo::open(proxy, *gpu, made); }, &source);
    return status.ok() ? static_cast<CudaFifo*>(source)->attach(*channel->channel, out) : status;
  });
}

int32_t hawser_cuda_bidir_put(int32_t device, const hawser_port_device_channel* channel, uint32_t rank, uint64_t bytes,
                              uint32_t iterations, int64_t timeout_ns, int64_t* elapsed_ns, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    Gpu* gpu = nullptr;
    if (Status status = Gpu::get(device, &gpu); !status.ok()) return status;
    constexpr Nanos kDay = 86400 * hawser::kSecond;
    return hawser::port::run_bidir_put(*gpu, {*channel, rank, bytes, iterations},
                                       std::clamp<Nanos>(timeout_ns, 0, kDay), elapsed_ns);
  });
}
