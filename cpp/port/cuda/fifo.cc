#include "port/cuda/fifo.h"

#include "port/context.h"

namespace hawser::port {

Status CudaFifo::open(ProxyService& proxy, cuda::Gpu& gpu, std::unique_ptr<TriggerSource>* out) {
  const uint32_t capacity = proxy.fifo()->capacity;
  std::unique_ptr<CudaFifo> fifo(new CudaFifo(gpu));
  CUdeviceptr shared = 0;
  if (Status status = gpu.allocate_pinned(KernelFifo::shared_bytes(capacity), &fifo->shared_, &shared); !status.ok()) {
    return status;
  }
  if (Status status = gpu.allocate(KernelFifo::device_bytes(), &fifo->device_); !status.ok()) return status;
  fifo->fifo_ =
      std::make_unique<KernelFifo>(proxy, capacity, KernelMemory{static_cast<unsigned char*>(fifo->shared_), shared},
                                   reinterpret_cast<CUdeviceptr>(fifo->device_));
  *out = std::move(fifo);
  return {};
}

CudaFifo::~CudaFifo() {
  fifo_.reset();
  if (device_ != nullptr) gpu_.free(device_);
  if (shared_ != nullptr) gpu_.free_pinned(shared_);
}

Status CudaFifo::attach(PortChannel& channel, hawser_port_device_channel* out) {
  const uint64_t* word = &channel.semaphore().word().value;
  if (channel.semaphore().on_device()) return fifo_->attach(channel, reinterpret_cast<uint64_t>(word), out);
  const std::scoped_lock lock(mutex_);
  if (board_ == nullptr) {
    const SharedMemory& memory = channel.proxy().context().board().memory();
    Status status = Pinned::pin(gpu_, SharedMemory::find(memory.data(), memory.size()), &board_);
    if (!status.ok()) return status;
  }
  return fifo_->attach(channel, board_->on_device(word), out);
}

}  // namespace hawser::port
