// A FIFO that kernels push triggers to, by cuda/port_channel.cuh, and a proxy serves beside its own. Only memory that
// the caller brings: where a kernel and the host see it is the caller's affair.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "port/port_channel.h"

namespace hawser::port {

// Where the host and where kernels see the same byte. Only kernels see what has no address of the host.
struct KernelMemory {
  unsigned char* host = nullptr;
  uint64_t device = 0;
};

class KernelFifo : public TriggerSource {
 public:
  static constexpr uint32_t kChannels = 1024;

  // What open() wants of memory that both see, and of memory that may be the device's alone; both zeroed, and the
  // caller's until the proxy is gone and no kernel uses the FIFO any more.
  static size_t shared_bytes(uint32_t capacity);
  static size_t device_bytes();

  // `capacity` is a power of two.
  KernelFifo(ProxyService& proxy, uint32_t capacity, KernelMemory shared, uint64_t device);

  // [any] What a kernel takes for the channel, which is the proxy's; the word that its peer signals into lies at
  // `inbound` for it. The same again for a channel that has one.
  Status attach(PortChannel& channel, uint64_t inbound, hawser_port_device_channel* out);

  bool serve() override;
  size_t drop() override;

 private:
  struct Attached {
    PortChannel* channel;
    hawser_port_device_channel kernel;
    hawser_port_device_news* news;
    bool ended;
  };
  struct Flush {
    std::shared_ptr<Connection> connection;
    uint64_t mark;
    hawser_port_device_news* news;
    uint64_t position;  // behind the trigger's
  };

  Attached* attached(uint32_t channel);
  bool take(const hawser_trigger& trigger, uint64_t position);
  void tell_flushes();
  void tell_ends();
  uint64_t on_device(const void* shared) const;

  ProxyService& proxy_;
  const uint32_t capacity_;
  const KernelMemory shared_;
  const uint64_t device_;
  hawser_fifo_shared* const fifo_;
  hawser_trigger* const triggers_;
  hawser_port_device_news* const news_;
  TriggerRing ring_;
  std::mutex mutex_;  // what is attached
  std::vector<Attached> attached_;
  std::vector<Flush> flushes_;  // under way; the proxy's thread alone
};

}  // namespace hawser::port
