// A crowd at a listener's port: some hold a connection open and never speak, some talk, some leave at once.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <deque>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "net/socket/address.h"

namespace hawser::testing {

class Flood {
 public:
  // So many connections a second, from a thread of its own, until it is ended.
  Flood(uint16_t port, int per_second)
      : target_(SocketAddress::parse("127.0.0.1", port)), pause_(kSecond / per_second), thread_([this] { run(); }) {}
  ~Flood() { end(); }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  // How many came.
  int end() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
    return came_;
  }

 private:
  static constexpr size_t kHeld = 100;  // more than a listener keeps

  // Never waits for an answer.
  void run() {
    std::deque<UniqueFd> held;
    for (Nanos next = now(); !over_; next += pause_) {
      UniqueFd fd(::socket(target_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (::connect(fd.get(), target_.get(), target_.length) == 0 || errno == EINPROGRESS) {
        if (came_ % 3 == 0) (void)::send(fd.get(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
        if (came_ % 3 == 1) held.push_back(std::move(fd));
        ++came_;
      }
      if (held.size() > kHeld) held.pop_front();
      const Nanos left = next - now();
      if (left > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left));
    }
  }

  SocketAddress target_;
  Nanos pause_;
  std::atomic<bool> over_{false};
  int came_ = 0;
  std::thread thread_;
};

}  // namespace hawser::testing
