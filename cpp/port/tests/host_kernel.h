// A kernel's half of a port channel, run by threads of the host: its memory is the host's, and the GPU's scoped
// instructions are the host's atomics.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "../cuda/port_channel.cuh"
#include "mem/mapping.h"
#include "port/kernel_fifo.h"

namespace hawser::port::testing {

struct HostAccess {
  static uint64_t load(const uint64_t* word, std::memory_order order) {
    return std::atomic_ref<uint64_t>(*const_cast<uint64_t*>(word)).load(order);
  }
  static uint64_t load_acquire_system(const uint64_t* word) { return load(word, std::memory_order_acquire); }
  static void store_release_system(uint64_t* word, uint64_t value) {
    std::atomic_ref<uint64_t>(*word).store(value, std::memory_order_release);
  }
  static uint64_t load_relaxed_device(const uint64_t* word) { return load(word, std::memory_order_relaxed); }
  static uint64_t load_acquire_device(const uint64_t* word) { return load(word, std::memory_order_acquire); }
  static bool compare_exchange_device(uint64_t* word, uint64_t* expected, uint64_t desired) {
    return std::atomic_ref<uint64_t>(*word).compare_exchange_strong(*expected, desired, std::memory_order_relaxed);
  }
  static void raise_release_device(uint64_t* word, uint64_t value) {
    std::atomic_ref<uint64_t> at(*word);
    uint64_t found = at.load(std::memory_order_relaxed);
    while (found < value && !at.compare_exchange_weak(found, value, std::memory_order_release)) {
    }
  }
  static uint64_t nanoseconds() { return static_cast<uint64_t>(now()); }
  static void relax() { std::this_thread::yield(); }
};

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
