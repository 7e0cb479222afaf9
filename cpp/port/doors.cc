#include "port/doors.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "base/boot_id.h"
#include "lane/bootstrap.h"
#include "mem/shared_memory.h"
#include "net/devices.h"
#include "net/socket/address.h"
#include "port/descriptor.h"
#include "port/knock.h"

namespace hawser::port {

namespace {

constexpr size_t kMostVisitors = 64;        // whose knock has not come yet
constexpr Nanos kKnockLimit = 2 * kSecond;  // TLS included
constexpr size_t kMostArrivals = 1024;      // whose endpoint is not in connect yet

Status draw(void* out, size_t bytes) {
  if (getrandom(out, bytes, 0) == static_cast<ssize_t>(bytes)) return {};
  return Status::from_errno(HAWSER_IO, "cannot draw random bytes");
}

std::string hex(const unsigned char* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string namespace_of(const char* kind) {
  std::array<char, 64> name{};
  const ssize_t length = readlink(("/proc/self/ns/" + std::string(kind)).c_str(), name.data(), name.size());
  return {name.data(), static_cast<size_t>(std::max<ssize_t>(length, 0))};
}

bool is_unix(int fd) {
  int domain = 0;
  socklen_t length = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

}  // namespace

bool is_ours(int fd) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return true;  // TCP has no such thing
  return peer.uid == geteuid();
}

// A listening socket.
class Doors::Door : public PollTarget {
 public:
  Door(Doors& doors, UniqueFd fd) : doors_(doors), fd_(std::move(fd)) {}
  int fd() const { return fd_.get(); }

  void on_ready(uint32_t) override {
    for (;;) {
      UniqueFd visitor(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (visitor.valid()) {
        doors_.admit(std::move(visitor));
      } else if (errno != EINTR && errno != ECONNABORTED) {
        return;
      }
    }
  }

 private:
  Doors& doors_;
  UniqueFd fd_;
};

// A connection whose knock is not complete yet.
class Doors::Visitor : public PollTarget {
 public:
  Visitor(Doors& doors, SecureSocket socket) : doors_(doors), socket_(std::move(socket)) {}
  void on_ready(uint32_t) override { doors_.serve(this); }

  // True when the knock is there, or never will be: then *broken.
  bool read(Knock* knock, bool* broken) {
    bool proven = false;
    *broken = !socket_.handshake(&proven).ok();
    if (*broken || !proven) return *broken;
    for (;;) {
      const ssize_t count = socket_.receive(bytes_.data() + got_, bytes_.size() - got_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return false;
      *broken = count <= 0;
      if (*broken) return true;
      got_ += static_cast<size_t>(count);
      if (got_ < bytes_.size()) continue;
      std::memcpy(static_cast<void*>(knock), bytes_.data(), bytes_.size());
      return true;
    }
  }
  // The socket goes on with a copy of its descriptor: the visitor's own leaves with its place in the poller.
  SecureSocket leave() {
    watched_ = socket_.exchange(UniqueFd(fcntl(socket_.fd(), F_DUPFD_CLOEXEC, 0)));
    return std::move(socket_);
  }
  int watched() const { return watched_.valid() ? watched_.get() : socket_.fd(); }
  Nanos deadline() const { return deadline_; }

 private:
  Doors& doors_;
  SecureSocket socket_;
  UniqueFd watched_;
  Nanos deadline_ = now() + kKnockLimit;
  std::array<unsigned char, sizeof(Knock)> bytes_{};
  size_t got_ = 0;
};

Doors::Doors() = default;
Doors::~Doors() = default;

Status Doors::open(int32_t rank, const std::string& address, std::shared_ptr<Identity> identity, Clear clear) {
  identity_ = std::move(identity);
  clear_ = clear;
  origin_.rank = rank;
  // Abstract Unix sockets end at the border of a network namespace, process numbers at that of another.
  origin_.host = boot_id() + " " + namespace_of("net");
  origin_.process = namespace_of("pid") + " " + std::to_string(getpid());
  if (Status status = draw(origin_.id.data(), origin_.id.size()); !status.ok()) return status;
  if (Status status = watches_.open(); !status.ok()) return status;
  if (Status status = open_near(); !status.ok()) return status;
  return open_far(address);
}

Status Doors::open_near() {
  std::array<unsigned char, 8> random{};
  if (Status status = draw(random.data(), random.size()); !status.ok()) return status;
  origin_.door = "hawser-" + hex(random.data(), random.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const DoorAddress name(origin_.door);
  if (!fd.valid() || bind(fd.get(), name.get(), name.length) != 0 || listen(fd.get(), SOMAXCONN) != 0) {
    return Status::from_errno(HAWSER_IO, "cannot listen on a Unix socket");
  }
  near_ = std::make_unique<Door>(*this, std::move(fd));
  return watches_.add(near_->fd(), EPOLLIN | EPOLLET, near_.get());
}

Status Doors::open_far(const std::string& address) {
  origin_.address = address;
  if (SocketAddress::parse(address, 0).length == 0) {
    const std::vector<DeviceProperties> devices = list_devices();
    const auto device =
        std::find_if(devices.begin(), devices.end(), [&](const auto& one) { return one.name == address; });
    if (device == devices.end() || device->address.empty()) {
      return {HAWSER_INVALID_ARGUMENT, "there is no device '" + address + "' with an address, and it is no address"};
    }
    origin_.address = device->address;
  }
  int fd = -1;
  if (Status status = bootstrap_server_create(origin_.address, 0, &fd); !status.ok()) return status;
  origin_.port = bootstrap_port(fd);
  far_ = std::make_unique<Door>(*this, UniqueFd(fd));
  return watches_.add(far_->fd(), EPOLLIN | EPOLLET, far_.get());
}

void Doors::admit(UniqueFd fd) {
  const bool near = is_unix(fd.get());
  if (near && !is_ours(fd.get())) return;
  if (!near) tune_tcp_socket(fd.get());
  // A crowd that never speaks pushes itself out.
  if (visitors_.size() == kMostVisitors) forget(visitors_.front().get());
  const int number = fd.get();
  SecureSocket socket(std::move(fd));
  if (!near && !socket.accept(identity_.get(), clear_).ok()) return;
  visitors_.push_back(std::make_unique<Visitor>(*this, std::move(socket)));
  if (!watches_.add(number, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, visitors_.back().get()).ok())
    visitors_.pop_back();
}

Nanos Doors::dismiss() {
  while (!visitors_.empty()) {
    const Nanos left = visitors_.front()->deadline() - now();
    if (left > 0) return left;
    forget(visitors_.front().get());
  }
  return -1;
}

void Doors::forget(Visitor* visitor) {
  const auto it =
      std::find_if(visitors_.begin(), visitors_.end(), [&](const auto& one) { return one.get() == visitor; });
  const int fd = visitor->watched();
  watches_.remove(fd, std::move(*it));
  visitors_.erase(it);
}

void Doors::serve(Visitor* visitor) {
  // Called once more after it was forgotten: the round had named it already.
  if (std::none_of(visitors_.begin(), visitors_.end(), [&](const auto& one) { return one.get() == visitor; })) return;
  Knock knock;
  bool broken = false;
  if (!visitor->read(&knock, &broken)) return;
  SecureSocket socket = visitor->leave();
  forget(visitor);
  if (!broken && socket.valid()) answer(knock, socket);
}

// Whoever does not know this context's name gets no answer at all.
bool Doors::answer(const Knock& knock, SecureSocket& socket) {
  if (knock.magic != kKnockMagic || knock.version != kKnockVersion || knock.whom != origin_.id) return false;
  if (knock.wish == Wish::kDescriptor) {
    const auto memory = SharedMemory::by_number(knock.wanted);
    return memory != nullptr && is_unix(socket.fd()) && send_descriptor(socket.fd(), memory->fd());
  }
  if (knock.wish != Wish::kJoin || !socket.vouch(knock.rank).ok()) return false;
  Arrival arrival;
  arrival.endpoint = knock.wanted;
  arrival.theirs = knock.own;
  arrival.who.id = knock.who;
  arrival.who.rank = knock.rank;
  arrival.socket = std::move(socket);
  {
    const std::scoped_lock lock(mutex_);
    if (arrivals_.size() == kMostArrivals) arrivals_.pop_front();
    arrivals_.push_back(std::move(arrival));
  }
  arrived_.notify_all();
  return true;
}

}  // namespace hawser::port
