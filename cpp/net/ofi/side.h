// The TCP connection beside a comm of libfabric: over it both ends met and proved themselves, and it tells afterwards
// what many providers do not: that the peer's machine or process has gone. A provider that moves bytes only while its
// owner calls it cannot tell a dead peer from one that is busy with something else; the peer's kernel can.
#pragma once

#include <memory>
#include <string>

#include "net/transport.h"

namespace hawser {

class OfiSide {
 public:
  explicit OfiSide(std::unique_ptr<Comm> tcp)
      : tcp_(std::move(tcp)), local_(tcp_->local_address()), peer_(tcp_->peer_address()) {}

  // Only the addresses can be asked for afterwards.
  void close() { tcp_.reset(); }

  Status arm(Poller& poller) { return tcp_->arm(poller); }
  void expect_input() { tcp_->expect_input(); }
  bool ready() const { return tcp_ != nullptr && tcp_->ready(); }
  // Answers the peer's questions. An error means that the peer has gone, of its own will or not.
  Status progress();
  // Whether the peer has closed it, asked of the kernel.
  bool gone() {
    tcp_->expect_input();
    return !progress().ok();
  }
  // As Comm's; gives the peer's kernel something to acknowledge.
  Status check_alive(Nanos silence);
  // When the peer's driver was last known to be at work.
  Nanos heard_at() const { return heard_at_; }

  const std::string& local() const { return local_; }
  const std::string& peer() const { return peer_; }

 private:
  Status say(uint64_t word, uint64_t* memory, Request** request);
  Status hear();

  std::unique_ptr<Comm> tcp_;
  std::string local_;
  std::string peer_;
  uint64_t question_ = 0;
  uint64_t answer_ = 0;
  uint64_t heard_ = 0;
  Request* asking_ = nullptr;
  Request* answering_ = nullptr;
  Request* hearing_ = nullptr;
  bool owes_answer_ = false;
  Nanos asked_at_ = 0;
  Nanos heard_at_ = 0;
};

}  // namespace hawser
