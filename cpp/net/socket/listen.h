// The listening end of a lane: who connects must say hello with the token before it becomes a comm.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/socket/address.h"
#include "net/socket/wire.h"
#include "net/transport.h"
#include "trust/secure_socket.h"

namespace hawser {

class SocketListener : public ListenComm {
 public:
  SocketListener(DeviceProperties device, const TransportOptions& options);

  Status open(Handle* handle);
  Status accept(std::unique_ptr<Comm>* out) override;
  int fd() const override { return epoll_.get(); }
  uint64_t strangers() const override { return strangers_; }

 private:
  // A connection from its arrival until its lane is complete.
  struct Newcomer {
    SecureSocket socket;
    Nanos deadline = 0;
    HelloWire hello{};
    size_t got = 0;
    bool secured = false;
    bool proven = false;
  };

  Status take_newcomers();
  void make_room();
  // A step of its handshake, of which a call does only so many: true when it is over.
  bool secure(Newcomer* newcomer, size_t* handshakes);
  void hear(Newcomer* newcomer);
  bool convincing(const Newcomer& newcomer) const;
  void assemble(const HelloWire& hello, std::unique_ptr<Comm>* out);
  void refuse(Newcomer* newcomer);
  void forget_closed();

  DeviceProperties device_;
  TransportOptions options_;
  UniqueFd epoll_;  // watches the listening socket and those who have not said hello yet
  UniqueFd socket_;
  unsigned char token_[kTokenBytes] = {};
  std::vector<Newcomer> newcomers_;
  uint64_t strangers_ = 0;
};

}  // namespace hawser
