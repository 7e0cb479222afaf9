// Kernels' FIFOs whose memory is all the host's, for threads of the host that do as kernels do.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "../cuda/port_channel.cuh"
#include "mem/mapping.h"
#include "port/kernel_fifo.h"
#include "tests/host_access.h"

namespace hawser::port::testing {

using HostPortChannel = BasicPortChannel<HostAccess>;

class HostKernelFifo {
 public:
  // What a kernel would take for the channel; `capacity` is that of the FIFO, made with the first channel of a proxy.
  static hawser_port_device_channel attach(PortChannel& channel, uint32_t capacity) {
    TriggerSource* source = nullptr;
    const auto make = [&](std::unique_ptr<TriggerSource>* out) -> Status {
      *out = std::make_unique<Fifo>(channel.proxy(), capacity);
      return {};
    };
    EXPECT_TRUE(channel.proxy().source(0, make, &source).ok());
    hawser_port_device_channel kernel{};
    const auto inbound = reinterpret_cast<uint64_t>(&channel.semaphore().word().value);
    EXPECT_TRUE(static_cast<Fifo*>(source)->attach(channel, inbound, &kernel).ok());
    return kernel;
  }

 private:
  struct Memory {
    explicit Memory(uint32_t capacity) {
      EXPECT_TRUE(shared.allocate(KernelFifo::shared_bytes(capacity)).ok());
      EXPECT_TRUE(device.allocate(KernelFifo::device_bytes()).ok());
    }
    Mapping shared;
    Mapping device;
  };
  class Fifo : private Memory, public KernelFifo {
   public:
    Fifo(ProxyService& proxy, uint32_t capacity)
        : Memory(capacity),
          KernelFifo(proxy, capacity, {shared.data(), reinterpret_cast<uint64_t>(shared.data())},
                     reinterpret_cast<uint64_t>(device.data())) {}
  };
};

}  // namespace hawser::port::testing
