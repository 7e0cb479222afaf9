#include "port/tcp/transport.h"

#include <sys/random.h>

#include <algorithm>

#include "port/context.h"
#include "port/tcp/connection.h"

namespace hawser::port {

namespace {

// Whoever waits for a link accepts for all who do, and looks so often whether another one has got his.
constexpr Nanos kAcceptStep = 20 * kMillisecond;

class LocalMemory : public Registration {
 public:
  LocalMemory(TcpDriver& driver, TcpMemories& memories, uint64_t number)
      : driver_(driver), memories_(memories), number_(number) {}
  ~LocalMemory() override { end(); }
  void end() override {
    if (memories_.remove(number_)) driver_.evict(number_);
  }

 private:
  TcpDriver& driver_;
  TcpMemories& memories_;
  uint64_t number_;
};

}  // namespace

Status TcpTransport::open() {
  hawser_config config = context_.config().lanes;
  config.struct_size = sizeof(config);
  config.rank = context_.config().rank;
  if (Status status = engine_.open(config); !status.ok()) return status;
  if (Status status = listener_.open("", 0); !status.ok()) return status;
  driver_ = std::make_unique<TcpDriver>(engine_);
  return {};
}

Status TcpTransport::register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) {
  if (Status status = only_host_memory(memory); !status.ok()) return status;
  uint64_t key = 0;
  if (Status status = memories_.add(memory.number(), memory.address(), memory.bytes(), &key); !status.ok()) {
    return status;
  }
  told.put(key);
  *out = std::make_unique<LocalMemory>(*driver_, memories_, memory.number());
  return {};
}

Status TcpTransport::import_memory(const Memory& memory, Reader told, Nanos, std::unique_ptr<Registration>* out) {
  const auto key = told.get<uint64_t>();
  if (!told.ok()) return {HAWSER_INVALID_ARGUMENT, "what was told of " + memory.name() + " is not the transport Tcp's"};
  *out = std::make_unique<TcpPeerMemory>(key);
  return {};
}

Status TcpTransport::open_endpoint(const hawser_endpoint_config& config, Writer& told,
                                   std::unique_ptr<EndpointState>* out) {
  if (config.device >= 0) return {HAWSER_UNSUPPORTED, "the transport Tcp serves host memory: device must be -1"};
  told.put_text(context_.origin().address);
  told.put(listener_.port());
  *out = std::make_unique<EndpointState>();
  return {};
}

Status TcpTransport::go_to_peer(Control& control, Reader peer, Nanos deadline, std::unique_ptr<Link>* out) {
  const std::string address = peer.get_text();
  const auto port = peer.get<uint16_t>();
  std::vector<uint8_t> message;
  if (Status status = control.receive(&message, deadline); !status.ok()) return status;
  Reader reader(message.data(), message.size());
  const auto ticket = reader.get<Ticket>();
  if (!peer.ok() || !reader.ok()) {
    return {HAWSER_REFUSED, "what " + control.peer().name() + " tells of its endpoint is not the transport Tcp's"};
  }
  return connect_link(engine_, address, port, std::max<Nanos>(deadline - now(), 0), out, ticket);
}

Status TcpTransport::await_peer(Control& control, Nanos deadline, std::unique_ptr<Link>* out) {
  Ticket ticket{};
  if (getrandom(ticket.data(), sizeof ticket, 0) != static_cast<ssize_t>(sizeof ticket)) {
    return Status::from_errno(HAWSER_IO, "no random bytes for a ticket");
  }
  {
    const std::scoped_lock lock(mutex_);
    expected_.emplace(ticket, nullptr);
  }
  Writer message;
  message.put(ticket);
  Status status = control.send(message, deadline);
  if (status.ok()) status = await_link(ticket, deadline, out);
  const std::scoped_lock lock(mutex_);
  expected_.erase(ticket);
  return status;
}

Status TcpTransport::await_link(const Ticket& ticket, Nanos deadline, std::unique_ptr<Link>* out) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (std::unique_ptr<Link>& arrived = expected_[ticket]; arrived != nullptr) {
      *out = std::move(arrived);
      return {};
    }
    const Nanos left = deadline - now();
    if (left <= 0) return {HAWSER_TIMEOUT, "the peer's lanes did not come to port " + std::to_string(listener_.port())};
    if (accepting_) {
      changed_.wait_for(lock, std::chrono::nanoseconds(std::min(left, kAcceptStep)));
      continue;
    }
    accepting_ = true;
    lock.unlock();
    std::unique_ptr<Link> link;
    const Status status = listener_.accept(std::min(left, kAcceptStep), &link);
    lock.lock();
    accepting_ = false;
    if (link != nullptr) {
      Ticket shown{};
      std::copy_n(link->channels().peer().ticket, shown.size(), shown.begin());
      // Whoever shows none that is waited for is a stranger.
      if (const auto found = expected_.find(shown); found != expected_.end()) found->second = std::move(link);
    }
    changed_.notify_all();
    if (!status.ok() && status.code() != HAWSER_TIMEOUT) return status;
  }
}

Status TcpTransport::connect(EndpointState&, Reader peer, std::unique_ptr<Control> control, Nanos deadline,
                             std::shared_ptr<Connection>* out) {
  std::unique_ptr<Link> link;
  Status status =
      control->initiator() ? go_to_peer(*control, peer, deadline, &link) : await_peer(*control, deadline, &link);
  if (!status.ok()) return {status.code(), "connecting lanes to " + control->peer().name() + ": " + status.text()};
  auto connection = std::make_shared<TcpConnection>(context_, std::move(control), *driver_, memories_, std::move(link));
  if (status = connection->open(); !status.ok()) return status;
  *out = std::move(connection);
  return {};
}

Status make_tcp_transport(Context& context, std::unique_ptr<Transport>* out) {
  auto transport = std::make_unique<TcpTransport>(context);
  if (Status status = transport->open(); !status.ok()) return status;
  *out = std::move(transport);
  return {};
}

}  // namespace hawser::port
