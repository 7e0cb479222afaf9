// The connection beside a connection: a Unix socket within a machine, TCP between machines. It brings two endpoints
// together, carries what transports agree on at set-up, and tells that the peer is gone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "net/poller.h"
#include "port/origin.h"

namespace hawser::port {

class ControlListener {
 public:
  virtual ~ControlListener() = default;
  // [context thread] HAWSER_CLOSED: in order; else why it failed, or that it died.
  virtual void on_peer_gone(Status why) = 0;
};

class Control : private PollTarget {
 public:
  Control(UniqueFd fd, Origin peer, bool initiator);
  ~Control() override;

  // Exactly one of two ends: who opens what the other accepts.
  bool initiator() const { return initiator_; }
  int peer_rank() const { return peer_.rank; }
  const Origin& peer() const { return peer_; }
  std::string peer_name() const { return peer_.name(); }

  // [blocks] Before watch(): a message to the peer's receive(), for what transports agree on.
  Status send(const Writer& message, Nanos deadline);
  Status receive(std::vector<uint8_t>* message, Nanos deadline);

  // From now on `listener` hears of the end, once, until unwatch() returns; that waits for a call under way, unless it
  // is the call itself.
  Status watch(Poller& poller, ControlListener* listener);
  void unwatch();
  // [any] The peer's listener hears `why`. Never blocks; a peer that does not read learns it by the socket's end.
  void say_goodbye(const Status& why);

 private:
  void on_ready(uint32_t events) override;
  UniqueFd fd_;
  Origin peer_;
  bool initiator_;
  Poller* poller_ = nullptr;
  ControlListener* listener_ = nullptr;
  std::vector<uint8_t> inbox_;
};

}  // namespace hawser::port
