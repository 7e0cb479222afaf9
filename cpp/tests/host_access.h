// What cuda/port_channel.cuh takes for a GPU's scoped instructions, made of the host's atomics: a kernel's half of a
// port channel, run by threads of the host.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace hawser {

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
  static uint64_t nanoseconds() {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
  }
  static void relax() { std::this_thread::yield(); }
};

}  // namespace hawser
