// The requests of one lane that are under way, oldest first: 16 of them, as NCCL's transports keep. A slot is free
// again only when its request is settled (here: acknowledged by the peer) and its event, if it has one, has completed.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/status.h"

namespace hawser {

struct Request;
struct Send;

// Something beyond the network that must finish before a slot is free, such as an unpack kernel.
class WindowEvent {
 public:
  virtual ~WindowEvent() = default;
  virtual bool completed() = 0;
};

struct WindowEntry {
  Request* request = nullptr;  // null once the device has the bytes
  Send* send = nullptr;        // null when the send has ended before its chunk
  uint64_t id = 0;             // the caller's, of the send
  uint64_t offset = 0;
  uint64_t bytes = 0;
  Nanos delivered_at = 0;        // when the lane last delivered before this was sent, or when it was sent if idle
  uint64_t delivered_bytes = 0;  // what the lane had delivered by then
  WindowEvent* event = nullptr;  // not owned
  bool settled = false;
  bool refused = false;  // the receiver wants it again
};

class SlidingWindow {
 public:
  static constexpr int kCapacity = 16;

  // `max_inflight` up to kCapacity.
  explicit SlidingWindow(int max_inflight = kCapacity);

  bool is_full() const { return size_ == max_inflight_; }
  bool is_empty() const { return size_ == 0; }
  int size() const { return size_; }

  // False when full.
  bool add(const WindowEntry& entry);

  // Entry `i`, 0 the oldest.
  WindowEntry& at(int i) { return entries_[static_cast<size_t>((first_ + i) % kCapacity)]; }

  // Takes the oldest out when it is settled and its event has completed.
  bool release_oldest(WindowEntry* out);

  // Calls `progress` until the oldest can be taken out, or HAWSER_TIMEOUT. Empty: OK, nothing taken.
  template <typename Progress>
  Status wait_and_release_oldest(Progress&& progress, Nanos deadline) {
    WindowEntry ignored;
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
  std::array<WindowEntry, kCapacity> entries_;
};

}  // namespace hawser
