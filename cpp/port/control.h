// The connection beside a connection: a Unix socket within a machine, TCP between machines. It brings two endpoints
// together, carries what transports agree on at set-up, and tells that the peer is gone.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "port/origin.h"
#include "trust/secure_socket.h"

namespace hawser::port {

class Watches;

// Waits until the descriptor is ready for poll's `events`; false: the deadline has passed.
bool await_ready(int fd, short events, Nanos deadline);

class ControlListener {
 public:
  virtual ~ControlListener() = default;
  // [context thread] HAWSER_CLOSED: the peer left in order; else why it failed.
  virtual void on_peer_gone(Status why) = 0;
  // [context thread] Instead: the control connection ended without a farewell. The peer has died, or something between
  // has cut this connection alone.
  virtual void on_cut_off(Status why) = 0;
};

class Control {
 public:
  // The socket does not block, and its peer has proven itself.
  Control(SecureSocket socket, Origin peer, bool initiator);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Exactly one of two ends: who knocked at the other's door.
  bool initiator() const { return initiator_; }
  const Origin& peer() const { return peer_; }

  // [blocks, before watch()] A message to the peer's receive(), for what transports agree on.
  Status send(const Writer& message, Nanos deadline);
  Status receive(std::vector<uint8_t>* message, Nanos deadline);

  // From now on `listener` hears of the end, once, until unwatch() returns; that waits for a call under way, unless it
  // comes from the call itself.
  Status watch(Watches& watches, ControlListener* listener);
  void unwatch();
  // [any] The peer's listener hears `why`. Never blocks; a peer that does not read learns it by the socket's end.
  void say_goodbye(const Status& why);

 private:
  class Watch;
  void read_farewell(ControlListener& listener);
  Status fill(size_t bytes, Nanos deadline);

  std::mutex socket_mutex_;  // a farewell may be said while one is read
  SecureSocket socket_;
  Origin peer_;
  bool initiator_;
  Watches* watches_ = nullptr;
  std::unique_ptr<Watch> watch_;
  std::vector<uint8_t> inbox_;
};

}  // namespace hawser::port
