#include "net/socket/listen.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/socket/comm.h"

namespace hawser {
namespace {

constexpr int kBacklog = 64;
constexpr size_t kMaxNewcomers = 64;
constexpr Nanos kHelloTimeout = kSecond;  // TLS included
// A step of a handshake computes for up to a millisecond: strangers must not take the driver from the links it serves.
constexpr size_t kHandshakesAtOnce = 4;

// Takes the same time wherever the first difference is.
bool same_token(const unsigned char* left, const unsigned char* right) {
  unsigned difference = 0;
  for (size_t i = 0; i < kTokenBytes; ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
  return difference == 0;
}

bool same_lane(const HelloWire& left, const HelloWire& right) {
  return std::memcmp(left.connector, right.connector, sizeof left.connector) == 0;
}

bool watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

// Tells of readiness that was there before, too.
void watch_again(int epoll, int fd, short events) {
  epoll_event event{};
  event.events = (events & POLLOUT) != 0 ? EPOLLOUT : EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

}  // namespace

SocketListener::SocketListener(DeviceProperties device, const TransportOptions& options)
    : device_(std::move(device)), options_(options) {
  newcomers_.reserve(kMaxNewcomers);
}

Status SocketListener::open(Handle* handle) {
  SocketAddress address = SocketAddress::parse(device_.address, 0);
  if (address.length == 0) {
    return {HAWSER_INVALID_ARGUMENT, "device " + device_.name + " has no address to listen on: give it one"};
  }
  if (getrandom(token_, sizeof token_, 0) != static_cast<ssize_t>(sizeof token_)) {
    return Status::from_errno(HAWSER_IO, "cannot draw a random token");
  }
  if (Status made = make_tcp_socket(address.family(), &socket_); !made.ok()) return made;
  const int on = 1;
  setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(socket_.get(), address.get(), address.length) != 0 || listen(socket_.get(), kBacklog) != 0) {
    return Status::from_errno(HAWSER_IO, "cannot listen on " + address.text() + " of device " + device_.name);
  }
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid() || !watch(epoll_.get(), socket_.get())) {
    return Status::from_errno(HAWSER_IO, "cannot watch the listener of device " + device_.name);
  }

  HandleWire wire{};
  wire.magic = kHandleMagic;
  wire.version = kSocketWireVersion;
  wire.family = address.family() == AF_INET ? 4 : 6;
  wire.sockets = static_cast<uint8_t>(options_.sockets_per_lane);
  std::memcpy(wire.token, token_, sizeof token_);
  std::memcpy(wire.address, address.bytes(), address.byte_count());
  const uint16_t port = htons(SocketAddress::local_of(socket_.get()).port());
  std::memcpy(wire.port, &port, sizeof port);
  device_.name.copy(wire.device, sizeof wire.device - 1);
  std::memcpy(handle->bytes, &wire, sizeof wire);
  return {};
}

Status SocketListener::accept(std::unique_ptr<Comm>* out) {
  out->reset();
  if (Status taken = take_newcomers(); !taken.ok()) return taken;
  const Nanos time = now();
  size_t handshakes = kHandshakesAtOnce;
  for (Newcomer& newcomer : newcomers_) {
    if (!newcomer.secured) newcomer.secured = secure(&newcomer, &handshakes);
    if (newcomer.secured && !newcomer.proven) hear(&newcomer);
    if (newcomer.socket.valid() && time > newcomer.deadline) refuse(&newcomer);
  }
  for (size_t i = 0; i < newcomers_.size() && *out == nullptr; ++i) {
    if (newcomers_[i].socket.valid() && newcomers_[i].proven) assemble(newcomers_[i].hello, out);
  }
  forget_closed();
  return {};
}

Status SocketListener::take_newcomers() {
  for (int taken = 0; taken < kBacklog; ++taken) {
    UniqueFd fd(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EAGAIN) return {};
      // accept reports errors of connections that are gone already in place of its own.
      const bool own = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM || errno == EBADF ||
                       errno == EINVAL;
      if (!own) continue;
      return Status::from_errno(HAWSER_IO, "cannot accept connections on device " + device_.name + " (see ulimit -n)");
    }
    if (newcomers_.size() == kMaxNewcomers) make_room();
    if (!watch(epoll_.get(), fd.get())) continue;
    Newcomer& newcomer = newcomers_.emplace_back();
    newcomer.socket = SecureSocket(std::move(fd));
    newcomer.deadline = now() + kHelloTimeout;
    if (!newcomer.socket.accept(options_.identity.get(), options_.clear).ok()) newcomers_.pop_back();
  }
  return {};
}

// The one who has been silent for longest goes: a crowd of strangers cannot lock the others out.
void SocketListener::make_room() {
  auto silent = std::find_if(newcomers_.begin(), newcomers_.end(), [](const Newcomer& n) { return !n.proven; });
  if (silent == newcomers_.end()) silent = newcomers_.begin();
  refuse(&*silent);
  newcomers_.erase(silent);
}

bool SocketListener::secure(Newcomer* newcomer, size_t* handshakes) {
  SecureSocket& socket = newcomer->socket;
  if (options_.identity != nullptr) {
    pollfd state{socket.fd(), socket.awaits(), 0};
    if (::poll(&state, 1, 0) == 0) return false;
    if (*handshakes == 0) {
      watch_again(epoll_.get(), socket.fd(), socket.awaits());
      return false;
    }
    --*handshakes;
  }
  bool done = false;
  if (!socket.handshake(&done).ok()) {
    refuse(newcomer);
  } else if (options_.identity != nullptr) {
    watch_again(epoll_.get(), socket.fd(), done ? POLLIN : socket.awaits());
  }
  return done;
}

void SocketListener::hear(Newcomer* newcomer) {
  auto* hello = reinterpret_cast<unsigned char*>(&newcomer->hello);
  const ssize_t count = newcomer->socket.receive(hello + newcomer->got, sizeof(HelloWire) - newcomer->got);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    refuse(newcomer);
    return;
  }
  newcomer->got += static_cast<size_t>(count);
  if (newcomer->got < sizeof(HelloWire)) return;
  if (!convincing(*newcomer)) {
    refuse(newcomer);
    return;
  }
  newcomer->proven = true;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, newcomer->socket.fd(), nullptr);
}

bool SocketListener::convincing(const Newcomer& newcomer) const {
  const HelloWire& hello = newcomer.hello;
  const bool knows_token = same_token(hello.token, token_);
  const bool well_formed = hello.magic == kHelloMagic && hello.version == kSocketWireVersion &&
                           hello.count == options_.sockets_per_lane && hello.index < hello.count;
  const bool twice = std::any_of(newcomers_.begin(), newcomers_.end(), [&](const Newcomer& other) {
    return other.proven && other.hello.index == hello.index && same_lane(other.hello, hello);
  });
  return knows_token && well_formed && !twice;
}

// Makes the comm when all connections of this lane are there.
void SocketListener::assemble(const HelloWire& hello, std::unique_ptr<Comm>* out) {
  std::vector<Newcomer*> lane(hello.count, nullptr);
  for (Newcomer& newcomer : newcomers_) {
    if (newcomer.proven && newcomer.socket.valid() && same_lane(newcomer.hello, hello)) {
      lane[newcomer.hello.index] = &newcomer;
    }
  }
  if (std::find(lane.begin(), lane.end(), nullptr) != lane.end()) return;

  const bool through_device = device_.name != "lo" && !SocketAddress::peer_of(lane[0]->socket.fd()).is_local();
  const WelcomeWire welcome{kWelcomeMagic, kSocketWireVersion, 0};
  bool welcomed = true;
  std::vector<SecureSocket> connections;
  for (Newcomer* newcomer : lane) {
    tune_tcp_socket(newcomer->socket.fd());
    if (through_device) bind_to_device(newcomer->socket.fd(), device_.name);
    const ssize_t sent = newcomer->socket.send(&welcome, sizeof welcome);
    welcomed = welcomed && sent == static_cast<ssize_t>(sizeof welcome);
    connections.push_back(std::move(newcomer->socket));
  }
  if (welcomed) *out = std::make_unique<SocketComm>(std::move(connections), options_);
}

void SocketListener::refuse(Newcomer* newcomer) {
  newcomer->socket.reset();
  newcomer->secured = false;
  newcomer->proven = false;
  ++strangers_;
}

void SocketListener::forget_closed() {
  std::erase_if(newcomers_, [](const Newcomer& newcomer) { return !newcomer.socket.valid(); });
}

}  // namespace hawser
