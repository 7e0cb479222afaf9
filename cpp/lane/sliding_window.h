// The requests of one lane that are under way, oldest first: 16 of them, as NCCL's transports keep. A slot is free
// again only when its request is settled (here: acknowledged by the peer) and its event, if it has one, has completed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/ranges.h"
#include "base/status.h"
#include "base/window_event.h"
#include "hawser.h"

namespace hawser {

struct Request;
struct Send;
struct StagingSlot;

// What every window's entries have.
struct WindowSlot {
  WindowEvent* event = nullptr;  // not owned
  bool settled = false;
};

// A chunk that was sent.
struct WindowEntry : WindowSlot {
  Request* request = nullptr;  // null once the device has the bytes
  Send* send = nullptr;        // null when the send has ended before its chunk
  uint64_t id = 0;             // the caller's, of the send
  uint64_t offset = 0;
  uint64_t bytes = 0;
  Nanos delivered_at = 0;        // when the lane last delivered before this was sent, or when it was sent if idle
  uint64_t delivered_bytes = 0;  // what the lane had delivered by then
  StagingSlot* slot = nullptr;   // where the comm reads it, when not in the send's own memory
  bool refused = false;          // the receiver wants it again
  ranges::Span span;
};

template <typename Entry>
class BasicSlidingWindow {
 public:
  static constexpr int kCapacity = 16;
  static_assert(kCapacity == HAWSER_WINDOW);

  // `max_inflight` up to kCapacity.
  explicit BasicSlidingWindow(int max_inflight = kCapacity) : max_inflight_(std::clamp(max_inflight, 1, kCapacity)) {}

  bool is_full() const { return size_ == max_inflight_; }
  bool is_empty() const { return size_ == 0; }
  int size() const { return size_; }

  // False when full.
  bool add(const Entry& entry) {
    if (is_full()) return false;
    entries_[static_cast<size_t>((first_ + size_) % kCapacity)] = entry;
    ++size_;
    return true;
  }

  // Entry `i`, 0 the oldest.
  Entry& at(int i) { return entries_[static_cast<size_t>((first_ + i) % kCapacity)]; }

  // Takes the oldest out when it is settled and its event has completed.
  bool release_oldest(Entry* out) {
    if (is_empty()) return false;
    Entry& oldest = at(0);
    if (!oldest.settled || (oldest.event != nullptr && !oldest.event->completed())) return false;
    *out = oldest;
    first_ = (first_ + 1) % kCapacity;
    --size_;
    return true;
  }

  // Calls `progress` until the oldest can be taken out, or HAWSER_TIMEOUT. Empty: OK, nothing taken.
  template <typename Progress>
  Status wait_and_release_oldest(Progress&& progress, Nanos deadline) {
    Entry ignored;
    while (!is_empty() && !release_oldest(&ignored)) {
      if (now() >= deadline) return {HAWSER_TIMEOUT, "the oldest request in the window did not finish in time"};
      if (Status status = progress(); !status.ok()) return status;
    }
    return {};
  }

  // The same until nothing is left.
  template <typename Progress>
  Status drain(Progress&& progress, Nanos deadline) {
    while (!is_empty()) {
      if (Status status = wait_and_release_oldest(progress, deadline); !status.ok()) return status;
    }
    return {};
  }

  // Forgets all, without waiting.
  void clear() { size_ = 0; }

 private:
  int max_inflight_;
  int first_ = 0;
  int size_ = 0;
  std::array<Entry, kCapacity> entries_;
};

using SlidingWindow = BasicSlidingWindow<WindowEntry>;

}  // namespace hawser
