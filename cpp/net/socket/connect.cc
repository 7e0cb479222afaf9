#include "net/socket/connect.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/socket/comm.h"

namespace hawser {

SocketConnector::SocketConnector(DeviceProperties device, const HandleWire& handle, const TransportOptions& options)
    : device_(std::move(device)), handle_(handle), options_(options), connections_(handle.sockets) {
  uint16_t port = 0;
  std::memcpy(&port, handle.port, sizeof port);
  peer_ = SocketAddress::from_bytes(handle.family == 4 ? AF_INET : AF_INET6, handle.address, ntohs(port));
}

Status SocketConnector::open() {
  if (getrandom(id_, sizeof id_, 0) != static_cast<ssize_t>(sizeof id_)) {
    return Status::from_errno(HAWSER_IO, "cannot draw a random connector id");
  }
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return Status::from_errno(HAWSER_IO, "cannot make an epoll descriptor (see ulimit -n)");
  for (Connection& connection : connections_) {
    if (Status begun = begin(&connection); !begun.ok()) return begun;
  }
  return {};
}

Status SocketConnector::begin(Connection* connection) {
  const SocketAddress source = SocketAddress::parse(device_.address, 0);
  if (source.length == 0 || source.family() != peer_.family()) {
    return {HAWSER_INVALID_ARGUMENT, "device " + device_.name + " (" +
                                         (device_.address.empty() ? "no address" : device_.address) +
                                         ") has no address of the family of its peer " + peer_.text()};
  }
  UniqueFd made;
  if (Status status = make_tcp_socket(peer_.family(), &made); !status.ok()) return status;
  const int fd = made.get();
  connection->socket = SecureSocket(std::move(made));
  tune_tcp_socket(fd);
  // What goes to this machine itself passes through loopback, whatever its address: a device would not see it.
  if (device_.name != "lo" && !peer_.is_local()) bind_to_device(fd, device_.name);
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd, source.get(), source.length) != 0) {
    return failed(HAWSER_IO, "cannot use the address " + device_.address, errno);
  }
  if (connect(fd, peer_.get(), peer_.length) != 0 && errno != EINPROGRESS) {
    return failed(errno == ECONNREFUSED ? HAWSER_REFUSED : HAWSER_IO, "cannot connect", errno);
  }
  epoll_event event{};
  event.events = EPOLLOUT;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Status::from_errno(HAWSER_IO, "cannot watch a connection with epoll");
  }
  return {};
}

Status SocketConnector::poll(std::unique_ptr<Comm>* out) {
  out->reset();
  bool complete = true;
  for (size_t i = 0; i < connections_.size(); ++i) {
    if (Status advanced = advance(i); !advanced.ok()) return advanced;
    complete = complete && connections_[i].stage == Stage::kWelcome;
  }
  if (!complete) return {};
  std::vector<SecureSocket> sockets;
  for (Connection& connection : connections_) sockets.push_back(std::move(connection.socket));
  connections_.clear();
  *out = std::make_unique<SocketComm>(std::move(sockets), options_);
  return {};
}

Status SocketConnector::advance(size_t index) {
  Connection& connection = connections_[index];
  if (connection.stage == Stage::kConnecting) {
    pollfd state{connection.socket.fd(), POLLOUT, 0};
    if (::poll(&state, 1, 0) == 0) return {};
    if (Status begun = secure(&connection); !begun.ok()) return begun;
  }
  if (connection.stage == Stage::kSecuring) {
    bool done = false;
    if (Status status = connection.socket.handshake(&done); !status.ok())
      return {status.code(), where() + status.text()};
    if (!done) {
      await(connection, connection.socket.awaits());
      return {};
    }
    if (Status said = say_hello(index); !said.ok()) return said;
  }
  return connection.stage == Stage::kAwaitingWelcome ? hear_welcome(&connection) : Status();
}

Status SocketConnector::secure(Connection* connection) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(connection->socket.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return failed(error == ECONNREFUSED ? HAWSER_REFUSED : HAWSER_IO, "cannot connect", error);
  connection->stage = Stage::kSecuring;
  // A lane that comes back goes to the listener that it went to before.
  const std::string meeting(reinterpret_cast<const char*>(handle_.token), sizeof handle_.token);
  return connection->socket.connect(options_.identity.get(), options_.clear, meeting);
}

void SocketConnector::await(const Connection& connection, short events) {
  epoll_event event{};
  event.events = (events & POLLOUT) != 0 ? EPOLLOUT : EPOLLIN;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.fd(), &event);
}

Status SocketConnector::say_hello(size_t index) {
  Connection& connection = connections_[index];
  HelloWire hello{};
  hello.magic = kHelloMagic;
  hello.version = kSocketWireVersion;
  hello.index = static_cast<uint8_t>(index);
  hello.count = static_cast<uint8_t>(connections_.size());
  std::memcpy(hello.token, handle_.token, sizeof hello.token);
  std::memcpy(hello.connector, id_, sizeof hello.connector);
  if (connection.socket.send(&hello, sizeof hello) != static_cast<ssize_t>(sizeof hello)) {
    return failed(HAWSER_IO, "cannot say hello", errno);
  }
  await(connection, POLLIN);
  connection.stage = Stage::kAwaitingWelcome;
  return {};
}

Status SocketConnector::hear_welcome(Connection* connection) {
  auto* welcome = reinterpret_cast<unsigned char*>(&connection->welcome);
  const ssize_t count = connection->socket.receive(welcome + connection->got, sizeof(WelcomeWire) - connection->got);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (count < 0 && errno == EPROTO) return connection->socket.explain(HAWSER_REFUSED, where() + "no welcome", errno);
  if (count < 0 && errno != ECONNRESET) return failed(HAWSER_IO, "lost while awaiting the welcome", errno);
  if (count <= 0)
    return failed(HAWSER_REFUSED, "the listener does not take this connection: is its handle current?", 0);
  connection->got += static_cast<size_t>(count);
  if (connection->got < sizeof(WelcomeWire)) return {};
  if (connection->welcome.magic != kWelcomeMagic || connection->welcome.version != kSocketWireVersion) {
    return failed(HAWSER_VERSION_MISMATCH, "the listener answers in another version: use one version on both ends", 0);
  }
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection->socket.fd(), nullptr);
  connection->stage = Stage::kWelcome;
  return {};
}

Status SocketConnector::failed(int code, const std::string& what, int sys_errno) const {
  const std::string text = where() + what;
  return sys_errno == 0 ? Status(code, text) : Status::from_errno(code, text, sys_errno);
}

std::string SocketConnector::where() const {
  return "device " + device_.name + " (" + device_.address + ") to " + peer_.text() + ": ";
}

}  // namespace hawser
