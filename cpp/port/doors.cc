#include "port/doors.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fstream>

#include "lane/bootstrap.h"
#include "mem/shared_memory.h"
#include "net/devices.h"
#include "net/socket_address.h"

namespace hawser::port {

namespace {

constexpr uint32_t kMagic = 0x54505748;  // "HWPT"
constexpr uint16_t kVersion = 1;
constexpr size_t kMostVisitors = 64;    // whose knock has not come yet
constexpr size_t kMostArrivals = 1024;  // whose endpoint is not in connect yet
constexpr Nanos kRetry = 10 * kMillisecond;

enum class Wish : uint16_t { kJoin = 1, kDescriptor = 2 };

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

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string namespace_of(const char* kind) {
  std::array<char, 64> name{};
  const ssize_t length = readlink(("/proc/self/ns/" + std::string(kind)).c_str(), name.data(), name.size());
  return {name.data(), static_cast<size_t>(std::max<ssize_t>(length, 0))};
}

struct DoorAddress {
  sockaddr_un storage{};
  socklen_t length = 0;

  // The abstract name: bound to no file, gone with its last descriptor.
  explicit DoorAddress(const std::string& name) {
    storage.sun_family = AF_UNIX;
    const size_t count = std::min(name.size(), sizeof(storage.sun_path) - 1);
    name.copy(storage.sun_path + 1, count);
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + count);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Whether the process behind a Unix socket runs under this one's user: no other may have our memory.
bool is_ours(int fd) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return true;  // TCP has no such thing
  return peer.uid == geteuid();
}

bool is_unix(int fd) {
  int domain = 0;
  socklen_t length = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

// The descriptor that the peer at `fd` is sent; needs a Unix socket.
bool send_descriptor(int fd, int passed) {
  char byte = 1;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &passed, sizeof(int));
  return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

UniqueFd receive_descriptor(int fd) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1) return {};
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  int passed = -1;
  std::memcpy(&passed, CMSG_DATA(header), sizeof(int));
  return UniqueFd(passed);
}

}  // namespace

// What a visitor says first.
struct Doors::Knock {
  uint32_t magic = kMagic;
  uint16_t version = kVersion;
  Wish wish = Wish::kJoin;
  std::array<uint8_t, 16> whom{};  // the context it wants
  std::array<uint8_t, 16> who{};   // its own
  uint64_t wanted = 0;             // kJoin: an endpoint; kDescriptor: a SharedMemory's number
  uint64_t own = 0;                // kJoin: the visitor's endpoint
  int32_t rank = -1;
  uint32_t reserved = 0;
};

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
  Visitor(Doors& doors, UniqueFd fd) : doors_(doors), fd_(std::move(fd)) {}
  void on_ready(uint32_t) override { doors_.serve(this); }

  // True when the knock is there, or never will be: then *broken.
  bool read(Knock* knock, bool* broken) {
    for (;;) {
      const ssize_t count = recv(fd_.get(), bytes_.data() + got_, bytes_.size() - got_, 0);
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
  UniqueFd& fd() { return fd_; }

 private:
  Doors& doors_;
  UniqueFd fd_;
  std::array<unsigned char, sizeof(Knock)> bytes_{};
  size_t got_ = 0;
};

Doors::Doors() = default;
Doors::~Doors() = default;

Status Doors::open(int32_t rank, const std::string& address) {
  origin_.rank = rank;
  // Abstract Unix sockets end at the border of a network namespace, process numbers at that of another.
  origin_.host = first_line("/proc/sys/kernel/random/boot_id") + " " + namespace_of("net");
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

bool Doors::is_near(const Origin& peer) const { return peer.host == origin_.host; }

void Doors::admit(UniqueFd fd) {
  if (is_unix(fd.get()) && !is_ours(fd.get())) return;
  if (!is_unix(fd.get())) tune_tcp_socket(fd.get());
  // A crowd that never speaks pushes itself out.
  if (visitors_.size() == kMostVisitors) forget(visitors_.front().get());
  const int number = fd.get();
  visitors_.push_back(std::make_unique<Visitor>(*this, std::move(fd)));
  if (!watches_.add(number, EPOLLIN | EPOLLRDHUP | EPOLLET, visitors_.back().get()).ok()) visitors_.pop_back();
}

void Doors::forget(Visitor* visitor) {
  const auto it =
      std::find_if(visitors_.begin(), visitors_.end(), [&](const auto& one) { return one.get() == visitor; });
  const int fd = visitor->fd().get();
  watches_.remove(fd, std::move(*it));
  visitors_.erase(it);
}

void Doors::serve(Visitor* visitor) {
  // Called once more after it was forgotten: the round had named it already.
  if (std::none_of(visitors_.begin(), visitors_.end(), [&](const auto& one) { return one.get() == visitor; })) return;
  Knock knock;
  bool broken = false;
  if (!visitor->read(&knock, &broken)) return;
  // A copy of the descriptor goes on: the visitor's own leaves with its place in the poller.
  UniqueFd fd(broken ? -1 : fcntl(visitor->fd().get(), F_DUPFD_CLOEXEC, 0));
  forget(visitor);
  if (fd.valid()) answer(knock, fd);
}

// Whoever does not know this context's name gets no answer at all.
bool Doors::answer(const Knock& knock, UniqueFd& fd) {
  if (knock.magic != kMagic || knock.version != kVersion || knock.whom != origin_.id) return false;
  if (knock.wish == Wish::kDescriptor) {
    const auto memory = SharedMemory::by_number(knock.wanted);
    return memory != nullptr && is_unix(fd.get()) && send_descriptor(fd.get(), memory->fd());
  }
  if (knock.wish != Wish::kJoin) return false;
  Arrival arrival;
  arrival.endpoint = knock.wanted;
  arrival.theirs = knock.own;
  arrival.who.id = knock.who;
  arrival.who.rank = knock.rank;
  arrival.fd = std::move(fd);
  {
    const std::scoped_lock lock(mutex_);
    if (arrivals_.size() == kMostArrivals) arrivals_.pop_front();
    arrivals_.push_back(std::move(arrival));
  }
  arrived_.notify_all();
  return true;
}

bool Doors::is_here(const Origin& peer) const { return is_near(peer) && peer.process == origin_.process; }

Status Doors::knock(const Origin& peer, const Knock& knock, Nanos deadline, UniqueFd* out) {
  UniqueFd fd;
  if (is_near(peer)) {
    fd = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const DoorAddress name(peer.door);
    if (!fd.valid()) return Status::from_errno(HAWSER_IO, "cannot make a Unix socket");
    while (connect(fd.get(), name.get(), name.length) != 0) {
      // EAGAIN: a crowd at the door.
      if (errno != EAGAIN && errno != EINTR) {
        return Status::from_errno(HAWSER_REFUSED, peer.name() + " is gone").of_rank(peer.rank);
      }
      if (now() >= deadline) return Status(HAWSER_TIMEOUT, peer.name() + " did not open").of_rank(peer.rank);
      const timespec wait{0, kRetry};
      nanosleep(&wait, nullptr);
    }
    if (!is_ours(fd.get())) return {HAWSER_REFUSED, peer.name() + " runs under another user"};
  } else {
    int number = -1;
    Status status = bootstrap_client_connect(peer.address, peer.port, deadline, &number);
    if (!status.ok()) return std::move(status).of_rank(peer.rank);
    fd = UniqueFd(number);
    tune_tcp_socket(fd.get());
  }
  // It is small: a fresh connection takes it whole.
  if (send(fd.get(), &knock, sizeof(knock), MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof(knock))) {
    return Status::from_errno(HAWSER_REFUSED, peer.name() + " did not listen").of_rank(peer.rank);
  }
  *out = std::move(fd);
  return {};
}

Status Doors::join(uint64_t mine, const Origin& peer, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out) {
  const bool first = std::pair(origin_.id, mine) < std::pair(peer.id, theirs);
  return first ? greet(peer, mine, theirs, deadline, out) : await(peer, mine, theirs, deadline, out);
}

Status Doors::greet(const Origin& peer, uint64_t mine, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out) {
  Knock greeting;
  greeting.whom = peer.id;
  greeting.who = origin_.id;
  greeting.wanted = theirs;
  greeting.own = mine;
  greeting.rank = origin_.rank;
  UniqueFd fd;
  if (Status status = knock(peer, greeting, deadline, &fd); !status.ok()) return status;
  auto control = std::make_unique<Control>(std::move(fd), peer, true);
  // The welcome comes when the other side is in connect, too.
  std::vector<uint8_t> welcome;
  if (Status status = control->receive(&welcome, deadline); !status.ok()) return status;
  *out = std::move(control);
  return {};
}

Status Doors::await(const Origin& peer, uint64_t mine, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out) {
  UniqueFd fd;
  {
    std::unique_lock lock(mutex_);
    const auto found = [&] {
      return std::find_if(arrivals_.begin(), arrivals_.end(), [&](const Arrival& arrival) {
        return arrival.endpoint == mine && arrival.theirs == theirs && arrival.who.id == peer.id;
      });
    };
    const auto until = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline));
    if (!arrived_.wait_until(lock, until, [&] { return found() != arrivals_.end(); })) {
      return Status(HAWSER_TIMEOUT, peer.name() + " did not connect in time: is it in connect, too?")
          .of_rank(peer.rank);
    }
    fd = std::move(found()->fd);
    arrivals_.erase(found());
  }
  auto control = std::make_unique<Control>(std::move(fd), peer, false);
  if (Status status = control->send(Writer(), deadline); !status.ok()) return status;
  *out = std::move(control);
  return {};
}

Status Doors::fetch(const Origin& peer, uint64_t shared_memory, Nanos deadline, UniqueFd* out) {
  if (!is_near(peer)) {
    return Status(HAWSER_UNSUPPORTED, peer.name() + " is not on this machine: its memory cannot be mapped")
        .of_rank(peer.rank);
  }
  Knock asking;
  asking.wish = Wish::kDescriptor;
  asking.whom = peer.id;
  asking.who = origin_.id;
  asking.wanted = shared_memory;
  UniqueFd fd;
  if (Status status = knock(peer, asking, deadline, &fd); !status.ok()) return status;
  if (!await_ready(fd.get(), POLLIN, deadline)) {
    return Status(HAWSER_TIMEOUT, peer.name() + " did not send its memory's descriptor").of_rank(peer.rank);
  }
  *out = receive_descriptor(fd.get());
  if (out->valid()) return {};
  return Status(HAWSER_REFUSED, peer.name() + " has freed the memory, or does not know it").of_rank(peer.rank);
}

}  // namespace hawser::port
