// The FIFO of a proxy's kernels on one GPU.
#pragma once

#include <memory>

#include "mem/cuda_driver.h"
#include "port/cuda/memory.h"
#include "port/kernel_fifo.h"

namespace hawser::port {

class CudaFifo : public TriggerSource {
 public:
  static Status open(ProxyService& proxy, cuda::Gpu& gpu, std::unique_ptr<TriggerSource>* out);
  ~CudaFifo() override;

  // [any] What a kernel takes for a channel of the proxy.
  Status attach(PortChannel& channel, hawser_port_device_channel* out);

  bool serve() override { return fifo_->serve(); }
  size_t drop() override { return fifo_->drop(); }

 private:
  explicit CudaFifo(cuda::Gpu& gpu) : gpu_(gpu) {}

  cuda::Gpu& gpu_;
  void* shared_ = nullptr;  // pinned memory of the host
  void* device_ = nullptr;  // memory of the GPU
  std::unique_ptr<KernelFifo> fifo_;
  std::mutex mutex_;
  std::unique_ptr<Pinned> board_;  // for kernels that wait on words of the host
};

}  // namespace hawser::port
