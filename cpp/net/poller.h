// epoll, edge-triggered: where a driver sleeps. One thread at a time waits; wake() may be called by any.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "net/transport.h"

namespace hawser {

class Poller {
 public:
  Poller() = default;
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  Status open();

  // Watches `fd` for `events` (EPOLLIN, EPOLLOUT, ...; EPOLLET is the caller's to add). `target` must outlive the
  // watch.
  Status add(int fd, uint32_t events, PollTarget* target);
  void remove(int fd);

  // Sleeps until a descriptor is ready, wake() or the time is over (< 0: without end; 0: does not sleep), and calls the
  // targets. Returns the number of targets called, wake-ups not counted.
  int wait(Nanos timeout);

  // Ends the present wait, or else the next. Async-signal-safe.
  void wake();

 private:
  int epoll_ = -1;
  int event_ = -1;
};

}  // namespace hawser
