// How a context comes to its peers' doors, or awaits that they come to its own.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <ctime>

#include "lane/bootstrap.h"
#include "port/descriptor.h"
#include "port/knock.h"

namespace hawser::port {

namespace {

constexpr Nanos kRetry = 10 * kMillisecond;
constexpr Nanos kLookOut = 500 * kMillisecond;  // how often an awaited peer is looked for

std::chrono::steady_clock::time_point time_point(Nanos at) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at));
}

}  // namespace

bool Doors::is_near(const Origin& peer) const { return peer.host == origin_.host; }

bool Doors::is_here(const Origin& peer) const { return is_near(peer) && peer.process == origin_.process; }

Status Doors::reach(const Origin& peer, Nanos deadline, UniqueFd* out) const {
  if (!is_near(peer)) {
    int fd = -1;
    Status status = bootstrap_client_connect(peer.address, peer.port, deadline, &fd, NoListener::kGone);
    *out = UniqueFd(fd);
    return std::move(status).of_rank(peer.rank);
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
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
  *out = std::move(fd);
  return {};
}

Status Doors::knock(const Origin& peer, const Knock& knock, Nanos deadline, SecureSocket* out) {
  UniqueFd fd;
  if (Status status = reach(peer, deadline, &fd); !status.ok()) return status;
  SecureSocket socket(std::move(fd));
  if (!is_near(peer)) {
    if (Status status = secure(peer, deadline, socket); !status.ok()) return std::move(status).of_rank(peer.rank);
  }
  // It is small: a fresh connection takes it whole.
  if (socket.send(&knock, sizeof(knock)) != static_cast<ssize_t>(sizeof(knock))) {
    return Status::from_errno(HAWSER_REFUSED, peer.name() + " did not listen").of_rank(peer.rank);
  }
  *out = std::move(socket);
  return {};
}

Status Doors::secure(const Origin& peer, Nanos deadline, SecureSocket& socket) {
  const std::string meeting(peer.id.begin(), peer.id.end());
  if (Status status = socket.connect(identity_.get(), clear_, meeting); !status.ok()) return status;
  if (Status status = socket.handshake_until(deadline); !status.ok()) return status;
  return socket.vouch(peer.rank);
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
  SecureSocket socket;
  if (Status status = knock(peer, greeting, deadline, &socket); !status.ok()) return status;
  auto control = std::make_unique<Control>(std::move(socket), peer, true);
  // The welcome comes when the other side is in connect, too.
  std::vector<uint8_t> welcome;
  if (Status status = control->receive(&welcome, deadline); !status.ok()) return status;
  *out = std::move(control);
  return {};
}

Status Doors::await(const Origin& peer, uint64_t mine, uint64_t theirs, Nanos deadline, std::unique_ptr<Control>* out) {
  SecureSocket socket;
  {
    std::unique_lock lock(mutex_);
    const auto found = [&] {
      return std::find_if(arrivals_.begin(), arrivals_.end(), [&](const Arrival& arrival) {
        return arrival.endpoint == mine && arrival.theirs == theirs && arrival.who.id == peer.id;
      });
    };
    while (!arrived_.wait_until(lock, time_point(std::min(deadline, now() + kLookOut)),
                                [&] { return found() != arrivals_.end(); })) {
      if (now() >= deadline) {
        return Status(HAWSER_TIMEOUT, peer.name() + " did not connect in time: is it in connect, too?")
            .of_rank(peer.rank);
      }
      // A peer that died before it knocked would be awaited to the deadline.
      lock.unlock();
      UniqueFd fd;
      Status seen = reach(peer, std::min(deadline, now() + kLookOut), &fd);
      lock.lock();
      if (seen.sys_errno() == ECONNREFUSED && found() == arrivals_.end()) return seen;
    }
    socket = std::move(found()->socket);
    arrivals_.erase(found());
  }
  auto control = std::make_unique<Control>(std::move(socket), peer, false);
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
  SecureSocket socket;
  if (Status status = knock(peer, asking, deadline, &socket); !status.ok()) return status;
  if (!await_ready(socket.fd(), POLLIN, deadline)) {
    return Status(HAWSER_TIMEOUT, peer.name() + " did not send its memory's descriptor").of_rank(peer.rank);
  }
  *out = receive_descriptor(socket.fd());
  if (out->valid()) return {};
  return Status(HAWSER_REFUSED, peer.name() + " has freed the memory, or does not know it").of_rank(peer.rank);
}

}  // namespace hawser::port
