// The rings that the engine shares with its driver and with whoever posts operations. Layouts and the protocol are in
// hawser.h; this is the native side of them, and the C++ twin of org.hawser.lane's rings.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "hawser.h"
#include "hawser_port.h"

namespace hawser {

// The words of shared memory are plain integers in the ABI; every access that another thread can see goes through
// these.
inline uint64_t load_acquire(const uint64_t& word) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(word)).load(std::memory_order_acquire);
}
inline uint64_t load_relaxed(const uint64_t& word) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(word)).load(std::memory_order_relaxed);
}
inline void store_release(uint64_t& word, uint64_t value) {
  std::atomic_ref<uint64_t>(word).store(value, std::memory_order_release);
}
inline void store_relaxed(uint64_t& word, uint64_t value) {
  std::atomic_ref<uint64_t>(word).store(value, std::memory_order_relaxed);
}

// Bounded queue of many producers and one consumer (after D. Vyukov). The slots are the caller's memory and begin with
// their sequence.
template <typename Slot>
class MpscRing {
 public:
  MpscRing(Slot* slots, uint32_t capacity, hawser_cursor* tail, hawser_cursor* head)
      : slots_(slots), mask_(capacity - 1), tail_(tail), head_(head) {}

  // Once, before anyone else knows the ring.
  void initialise() {
    for (uint64_t i = 0; i <= mask_; ++i) slots_[i].sequence = i;
    tail_->value = 0;
    head_->value = 0;
  }

  // [any thread] False when the ring is full: back-pressure, not loss. `at` may be null; else it receives the position.
  bool try_post(const Slot& content, uint64_t* at = nullptr) {
    std::atomic_ref<uint64_t> tail(tail_->value);
    uint64_t position = tail.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slots_[position & mask_];
      // Acquire: the consumer has read the slot's former content before this producer overwrites it.
      const auto lead = static_cast<int64_t>(load_acquire(slot.sequence) - position);
      if (lead < 0) return false;
      if (lead > 0) {
        position = tail.load(std::memory_order_relaxed);
        continue;
      }
      // Relaxed: the claim orders nothing; the slot's sequence publishes its content.
      if (!tail.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
      copy_content(content, slot);
      store_release(slot.sequence, position + 1);
      if (at != nullptr) *at = position;
      return true;
    }
  }

  // [consumer] A copy of the oldest slot, which stays until pop().
  bool try_peek(Slot* out, uint64_t* at = nullptr) const {
    const uint64_t position = head_->value;
    const Slot& slot = slots_[position & mask_];
    if (load_acquire(slot.sequence) != position + 1) return false;
    copy_content(slot, *out);
    if (at != nullptr) *at = position;
    return true;
  }

  // [consumer] After try_peek: the slot is the producers' again.
  void pop() {
    const uint64_t position = head_->value;
    store_release(slots_[position & mask_].sequence, position + mask_ + 1);
    store_release(head_->value, position + 1);
  }

  // [consumer]
  bool try_take(Slot* out) {
    if (!try_peek(out)) return false;
    pop();
    return true;
  }

  // [consumer]
  bool empty() const {
    const uint64_t position = head_->value;
    return load_acquire(slots_[position & mask_].sequence) != position + 1;
  }

  // [any] Whether everything was popped that was posted before, by this thread at least: the head is read first, so it
  // cannot overtake what the tail counts.
  bool idle() const {
    const uint64_t head = load_acquire(head_->value);
    return load_acquire(tail_->value) == head;
  }

 private:
  // All but the sequence, which its own protocol writes.
  static void copy_content(const Slot& from, Slot& to) {
    static_assert(std::is_trivially_copyable_v<Slot> && offsetof(Slot, sequence) == 0);
    constexpr size_t kSequence = sizeof(from.sequence);
    std::memcpy(reinterpret_cast<unsigned char*>(&to) + kSequence,
                reinterpret_cast<const unsigned char*>(&from) + kSequence, sizeof(Slot) - kSequence);
  }

  Slot* slots_;
  uint64_t mask_;
  hawser_cursor* tail_;
  hawser_cursor* head_;
};

using OpRing = MpscRing<hawser_op>;
using TriggerRing = MpscRing<hawser_trigger>;

// Queue of one producer and one consumer. Either may change threads when the hand-over itself orders memory.
template <typename Slot>
class SpscRing {
 public:
  SpscRing(Slot* slots, uint32_t capacity, uint64_t* tail, uint64_t* head)
      : slots_(slots), mask_(capacity - 1), tail_(tail), head_(head) {}

  bool try_post(const Slot& slot) {
    const uint64_t tail = load_relaxed(*tail_);
    // Acquire: the consumer has read the slot before it is overwritten.
    if (tail - load_acquire(*head_) > mask_) return false;
    slots_[tail & mask_] = slot;
    store_release(*tail_, tail + 1);
    return true;
  }

  // The oldest slot, or null; stays valid until pop().
  const Slot* front() const {
    const uint64_t head = load_relaxed(*head_);
    return load_acquire(*tail_) == head ? nullptr : &slots_[head & mask_];
  }

  void pop() { store_release(*head_, load_relaxed(*head_) + 1); }

  uint64_t size() const { return load_acquire(*tail_) - load_relaxed(*head_); }

 private:
  Slot* slots_;
  uint64_t mask_;
  uint64_t* tail_;
  uint64_t* head_;
};

}  // namespace hawser
