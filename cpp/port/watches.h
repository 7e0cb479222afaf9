// A poller whose targets may go at any time, by any thread: they are freed only when no round of it can still name
// them.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "net/poller.h"

namespace hawser::port {

class Watches {
 public:
  Status open() { return poller_.open(); }
  // [any] Until remove(), `target` hears of the descriptor's events on the thread that waits.
  Status add(int fd, uint32_t events, PollTarget* target) { return poller_.add(fd, events, target); }
  // [any] The target may be called once more; it is freed after.
  void remove(int fd, std::unique_ptr<PollTarget> target) {
    poller_.remove(fd);
    const std::scoped_lock lock(mutex_);
    retired_.push_back(std::move(target));
  }
  // [one thread]
  void wait(Nanos timeout) {
    std::vector<std::unique_ptr<PollTarget>> gone;
    {
      const std::scoped_lock lock(mutex_);
      gone.swap(retired_);
    }
    gone.clear();
    poller_.wait(timeout);
  }
  void wake() { poller_.wake(); }

 private:
  Poller poller_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PollTarget>> retired_;
};

}  // namespace hawser::port
