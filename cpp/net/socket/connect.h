// The connecting end of a lane.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/socket/address.h"
#include "net/socket/wire.h"
#include "net/transport.h"
#include "trust/secure_socket.h"

namespace hawser {

class SocketConnector : public Connector {
 public:
  SocketConnector(DeviceProperties device, const HandleWire& handle, const TransportOptions& options);

  Status open();
  Status poll(std::unique_ptr<Comm>* out) override;
  int fd() const override { return epoll_.get(); }

 private:
  enum class Stage { kConnecting, kSecuring, kAwaitingWelcome, kWelcome };
  struct Connection {
    SecureSocket socket;
    Stage stage = Stage::kConnecting;
    WelcomeWire welcome{};
    size_t got = 0;
  };

  Status begin(Connection* connection);
  Status advance(size_t index);
  Status secure(Connection* connection);
  Status say_hello(size_t index);
  Status hear_welcome(Connection* connection);
  void await(const Connection& connection, short events);
  Status failed(int code, const std::string& what, int sys_errno) const;
  std::string where() const;

  DeviceProperties device_;
  HandleWire handle_;
  TransportOptions options_;
  SocketAddress peer_;
  UniqueFd epoll_;
  std::vector<Connection> connections_;
  unsigned char id_[sizeof(HelloWire::connector)] = {};
};

}  // namespace hawser
