// The C ABI over kernels that use ports.
#include <algorithm>

#include "base/guarded.h"
#include "port/cuda/bidir.h"
#include "port/cuda/fifo.h"
#include "port/handles.h"

using hawser::guarded;
using hawser::Nanos;
using hawser::Status;
using hawser::cuda::Gpu;
using hawser::port::CudaFifo;
using hawser::port::TriggerSource;

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
