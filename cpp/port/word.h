// The protocol of hawser_port_word, for threads and for processes that share one: who stores a value, who waits for it.
#pragma once

#include <atomic>
#include <functional>

#include "base/clock.h"
#include "base/status.h"
#include "hawser_port.h"

namespace hawser::port {

// Waits look so long before they sleep, where the caller does not say: about what being woken costs.
constexpr Nanos kUsualSpin = 20 * kMicrosecond;

// A moment of a loop that looks at shared memory.
void relax();

inline uint64_t load_word(const hawser_port_word& word) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(word.value)).load(std::memory_order_acquire);
}
// [any] Wakes who sleeps, so that it looks at what else it waits for.
void ring_word(hawser_port_word& word);
// [any] Stores `value`, which must not shrink, behind all that the caller wrote before, and wakes who sleeps.
inline void store_word(hawser_port_word& word, uint64_t value) {
  std::atomic_ref<uint64_t>(word.value).store(value, std::memory_order_release);
  // With the one in sleep_on: either this sees the sleeper, or the sleeper sees the value.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::atomic_ref<uint32_t>(word.sleepers).load(std::memory_order_relaxed) != 0) ring_word(word);
}

// [blocks] Until the value is `expected` or more (true), or `over()` is, or the deadline (false). Spins for `spin`
// first. `rung` tells whether stores ring: where a device stores on its own, the sleep is a short one.
bool wait_word(hawser_port_word& word, uint64_t expected, Nanos deadline, Nanos spin, bool rung,
               const std::function<bool()>& over);

}  // namespace hawser::port
