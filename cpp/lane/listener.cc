#include "lane/listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lane/bootstrap.h"

namespace hawser {

namespace {

constexpr Nanos kSessionLimit = 10 * kSecond;
constexpr size_t kSessions = 64;
constexpr int kStepMillis = 1;

Status make_link(Engine& engine, std::unique_ptr<ChannelManager> channels, bool initiator, std::unique_ptr<Link>* out) {
  auto link = std::make_unique<Link>(engine.link_options(), std::move(channels), initiator, engine);
  if (Status status = link->initialise(); !status.ok()) return status;
  *out = std::move(link);
  return {};
}

}  // namespace

Listener::~Listener() {
  for (auto& session : sessions_) ::close(session->fd);
  if (fd_ >= 0) ::close(fd_);
}

Status Listener::open(const std::string& address, uint16_t port) {
  if (Status status = bootstrap_server_create(address, port, &fd_); !status.ok()) return status;
  port_ = bootstrap_port(fd_);
  return {};
}

Status Listener::open_session(int fd) {
  auto session = std::make_unique<Session>();
  session->fd = fd;
  session->deadline = now() + kSessionLimit;
  session->channels = std::make_unique<ChannelManager>(engine_.transport(), engine_.lanes(), engine_.hello());
  std::vector<Handle> handles;
  if (Status status = session->channels->server_listen_all(&handles); !status.ok()) {
    ::close(fd);
    return status;
  }
  session->message = bootstrap_message(handles);
  sessions_.push_back(std::move(session));
  return {};
}

Status Listener::take_connectors() {
  for (;;) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      const bool passing = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
      if (passing) return {};
      if ((errno == EMFILE || errno == ENFILE) && drop_oldest()) continue;
      return Status::from_errno(HAWSER_IO, "accepting on the bootstrap port");
    }
    if (sessions_.size() == kSessions) drop_oldest();
    if (Status status = open_session(fd); !status.ok() && !drop_oldest()) return status;
  }
}

bool Listener::drop_oldest() {
  if (sessions_.empty()) return false;
  ::close(sessions_.front()->fd);
  sessions_.erase(sessions_.begin());
  strangers_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Listener::count_strangers(Session& session) {
  const uint64_t seen = session.channels == nullptr ? session.strangers : session.channels->strangers();
  strangers_.fetch_add(seen - session.strangers, std::memory_order_relaxed);
  session.strangers = seen;
}

bool Listener::step(Session& session, std::unique_ptr<Link>* link) {
  while (!session.message.empty()) {
    const ssize_t sent = ::send(session.fd, session.message.data(), session.message.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) {
      strangers_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    session.message.erase(session.message.begin(), session.message.begin() + sent);
  }
  char unasked = 0;
  if (::recv(session.fd, &unasked, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
    // A connector only reads here: whoever speaks takes this for another service's port.
    strangers_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  bool complete = false;
  const Status status = session.channels->accept_some(&complete);
  count_strangers(session);
  if (complete) {
    session.channels->keep(session.channels->peer().lane_mask);
    return !make_link(engine_, std::move(session.channels), false, link).ok() || *link != nullptr;
  }
  if (status.ok() && now() < session.deadline) return false;
  strangers_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Listener::wait(Nanos deadline) {
  const Nanos left = std::max<Nanos>(deadline - now(), 0);
  const int millis =
      sessions_.empty() ? static_cast<int>(std::min<Nanos>(left / kMillisecond + 1, 60'000)) : kStepMillis;
  pollfd ready{fd_, POLLIN, 0};
  ::poll(&ready, 1, millis);
}

Status Listener::accept(Nanos timeout, std::unique_ptr<Link>* out) {
  const Nanos deadline = now() + timeout;
  for (;;) {
    if (Status status = take_connectors(); !status.ok()) return status;
    for (size_t i = 0; i < sessions_.size(); ++i) {
      if (!step(*sessions_[i], out)) continue;
      ::close(sessions_[i]->fd);
      sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(i--));
      if (*out != nullptr) return {};
    }
    if (now() >= deadline) return {HAWSER_TIMEOUT, "no party connected to port " + std::to_string(port_) + " in time"};
    wait(deadline);
  }
}

Status connect_link(Engine& engine, const std::string& host, uint16_t port, Nanos timeout, std::unique_ptr<Link>* out,
                    const Ticket& ticket) {
  const Nanos deadline = now() + timeout;
  int fd = -1;
  if (Status status = bootstrap_client_connect(host, port, deadline, &fd); !status.ok()) return status;
  std::vector<Handle> handles;
  Status status = bootstrap_client_recv_handles(fd, deadline, &handles);
  if (status.ok()) {
    wire::Hello hello = engine.hello();
    std::copy(ticket.begin(), ticket.end(), hello.ticket);
    auto channels = std::make_unique<ChannelManager>(engine.transport(), engine.lanes(), hello);
    status = channels->client_connect_all(handles, deadline);
    if (status.ok()) status = make_link(engine, std::move(channels), true, out);
  }
  ::close(fd);
  return status;
}

}  // namespace hawser
