#include "lane/listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lane/bootstrap.h"
#include "net/socket/address.h"
#include "stat/notes.h"

namespace hawser {

namespace {

constexpr Nanos kSessionLimit = 10 * kSecond;
constexpr Nanos kProofLimit = 2 * kSecond;  // for the handshake of TLS
constexpr Nanos kLeftLimit = 3 * kSecond;   // for the last hellos of a connector that has all lanes, or has given up
constexpr Nanos kRefusalLimit = 50 * kMillisecond;
constexpr size_t kSessions = 64;
constexpr int kStepMillis = 1;
// A connector that a crowd has pushed out comes again, as often, the first time after a pause, which doubles.
constexpr int kComings = 3;
constexpr Nanos kPause = 20 * kMillisecond;

Status make_link(Engine& engine, std::unique_ptr<ChannelManager> channels, bool initiator, std::unique_ptr<Link>* out) {
  auto link = std::make_unique<Link>(engine.link_options(), std::move(channels), initiator, engine);
  if (Status status = link->initialise(); !status.ok()) return status;
  *out = std::move(link);
  return {};
}

}  // namespace

Listener::~Listener() {
  if (fd_ >= 0) ::close(fd_);
}

Status Listener::open(const std::string& address, uint16_t port) {
  if (Status status = bootstrap_server_create(address, port, &fd_); !status.ok()) return status;
  port_ = bootstrap_port(fd_);
  return {};
}

Status Listener::open_session(UniqueFd fd) {
  auto session = std::make_unique<Session>();
  session->socket = SecureSocket(std::move(fd));
  session->deadline = now() + (engine_.identity() == nullptr ? kSessionLimit : kProofLimit);
  if (Status status = session->socket.accept(engine_.identity(), engine_.clear()); !status.ok()) return status;
  if (engine_.identity() == nullptr) {
    if (Status status = offer_lanes(*session); !status.ok()) return status;
  }
  sessions_.push_back(std::move(session));
  return {};
}

Status Listener::offer_lanes(Session& session) {
  session.deadline = now() + kSessionLimit;
  auto channels = std::make_unique<ChannelManager>(engine_.transport(), engine_.lanes(), engine_.hello());
  std::vector<Handle> handles;
  if (Status status = channels->server_listen_all(&handles); !status.ok()) return status;
  session.message = bootstrap_message(handles);
  session.channels = std::move(channels);
  return {};
}

Status Listener::take_connectors() {
  for (;;) {
    UniqueFd fd(::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      const bool passing = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
      if (passing) return {};
      if ((errno == EMFILE || errno == ENFILE) && drop_oldest()) continue;
      return Status::from_errno(HAWSER_IO, "accepting on the bootstrap port");
    }
    tune_tcp_socket(fd.get());
    if (sessions_.size() == kSessions) drop_oldest();
    const Status status = open_session(std::move(fd));
    if (status.code() == HAWSER_REFUSED) {
      turn_away(status);
    } else if (!status.ok() && !drop_oldest()) {
      return status;
    }
  }
}

bool Listener::drop_oldest() {
  if (sessions_.empty()) return false;
  const auto unproven = std::find_if(sessions_.begin(), sessions_.end(),
                                     [](const auto& session) { return session->channels == nullptr; });
  sessions_.erase(unproven == sessions_.end() ? sessions_.begin() : unproven);
  strangers_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Listener::count_strangers(Session& session) {
  const uint64_t seen = session.channels == nullptr ? session.strangers : session.channels->strangers();
  strangers_.fetch_add(seen - session.strangers, std::memory_order_relaxed);
  session.strangers = seen;
}

Status Listener::write(Session& session) {
  while (!session.message.empty()) {
    const ssize_t sent = session.socket.send(session.message.data(), session.message.size());
    if (sent < 0 && errno == EAGAIN) return {};
    if (sent < 0) return Status::from_errno(HAWSER_IO, "the connector left");
    session.message.erase(session.message.begin(), session.message.begin() + sent);
  }
  return {};
}

Status Listener::advance(Session& session, std::unique_ptr<Link>* link) {
  if (session.channels == nullptr) {
    bool proven = false;
    if (Status status = session.socket.handshake(&proven); !status.ok()) return status;
    if (!proven) return {};
    if (Status status = offer_lanes(session); !status.ok()) return status;
  }
  if (Status status = write(session); !status.ok()) return status;
  char unasked = 0;
  const ssize_t heard = session.socket.receive(&unasked, 1);
  if (heard > 0) {
    return {HAWSER_REFUSED, "a connector only reads here: whoever speaks takes this for another service's port"};
  }
  if (heard == 0 && !std::exchange(session.left, true))
    session.deadline = std::min(session.deadline, now() + kLeftLimit);
  bool complete = false;
  if (Status status = session.channels->accept_some(&complete); !status.ok()) {
    if (status.code() == HAWSER_REFUSED) {
      session.message = bootstrap_refusal(status.text());
      (void)write(session);
    }
    return status;
  }
  if (!complete) return {};
  session.channels->keep(session.channels->peer().lane_mask);
  return make_link(engine_, std::move(session.channels), false, link);
}

bool Listener::step(Session& session, std::unique_ptr<Link>* link) {
  const Status status = advance(session, link);
  count_strangers(session);
  if (*link != nullptr) return true;
  if (status.ok() && now() < session.deadline) return false;
  turn_away(status);
  return true;
}

void Listener::turn_away(const Status& why) {
  if (why.code() == HAWSER_REFUSED) last_refusal_ = why.text();
  if (!why.ok()) stats::tell(HAWSER_STAT_REFUSED, {engine_.link_options().rank}, why);
  strangers_.fetch_add(1, std::memory_order_relaxed);
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
      sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(i--));
      if (*out != nullptr) return {};
    }
    if (now() >= deadline) {
      const std::string refusal = last_refusal_.empty() ? "" : ". The last one to come was refused: " + last_refusal_;
      return {HAWSER_TIMEOUT, "no party connected to port " + std::to_string(port_) + " in time" + refusal};
    }
    wait(deadline);
  }
}

Status connect_link(Engine& engine, const std::string& host, uint16_t port, Nanos timeout, std::unique_ptr<Link>* out,
                    const Ticket& ticket) {
  const Nanos start = now();
  const Nanos deadline = start + timeout;
  const stats::Note wait(stats::make_wait({engine.link_options().rank}, 0, start, deadline,
                                          "a link to " + host + ":" + std::to_string(port)));
  NoListener absent = NoListener::kNotYet;
  Nanos pause = kPause;
  for (int coming = 1;; ++coming, pause *= 2) {
    int fd = -1;
    if (Status status = bootstrap_client_connect(host, port, deadline, &fd, absent); !status.ok()) return status;
    Status status = connect_link(engine, UniqueFd(fd), deadline, out, ticket);
    const bool pushed_out = status.sys_errno() == ECONNRESET || status.sys_errno() == EPIPE;
    if (!pushed_out || coming == kComings || now() + pause >= deadline) return status;
    ::poll(nullptr, 0, static_cast<int>(pause / kMillisecond));
    absent = NoListener::kGone;
  }
}

Status connect_link(Engine& engine, UniqueFd bootstrap, Nanos deadline, std::unique_ptr<Link>* out,
                    const Ticket& ticket) {
  SecureSocket socket(std::move(bootstrap));
  const std::string meeting = SocketAddress::peer_of(socket.fd()).text();
  if (Status status = socket.connect(engine.identity(), engine.clear(), meeting); !status.ok()) return status;
  if (Status status = socket.handshake_until(deadline); !status.ok()) return status;
  std::vector<Handle> handles;
  if (Status status = bootstrap_client_recv_handles(socket, deadline, &handles); !status.ok()) return status;
  wire::Hello hello = engine.hello();
  std::copy(ticket.begin(), ticket.end(), hello.ticket);
  auto channels = std::make_unique<ChannelManager>(engine.transport(), engine.lanes(), hello);
  // The listener has begun to count now, too.
  Status status = channels->client_connect_all(handles, std::min(deadline, now() + kSessionLimit));
  if (status.ok()) return make_link(engine, std::move(channels), true, out);
  if (status.code() == HAWSER_TIMEOUT || status.code() == HAWSER_VERSION_MISMATCH) return status;
  const std::string refusal = bootstrap_client_recv_refusal(socket, now() + kRefusalLimit);
  return refusal.empty() ? status : Status(HAWSER_REFUSED, "the listener refuses this end: " + refusal);
}

}  // namespace hawser
