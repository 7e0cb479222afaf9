// A proxy of one's own: one trigger a rank puts its share into the memory of every other, and signals each.
//   all_gather [TRANSPORT] [RANKS] [BYTES]     Memory, 3 ranks and 100000 bytes of each, unless told otherwise
// The ranks are threads here. As processes they would do the same, and exchange their bytes by other means.
#include <array>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <hawser_port.hpp>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace hawser::ports;

constexpr Timeout kPatience = std::chrono::seconds(30);
constexpr int kRounds = 3;

// What a rank has of another.
struct Peer {
  Connection connection;
  RegisteredMemory memory;
  Semaphore semaphore;
};

class AllGatherProxyService : public BaseProxyService {
 public:
  // `memory` holds one share a rank.
  AllGatherProxyService(const Context& context, std::deque<Peer>& peers, const RegisteredMemory& memory)
      : BaseProxyService(context), peers_(peers), memory_(memory) {}
  ~AllGatherProxyService() override { (void)stopProxy(kPatience); }

  // One thread at a time: gathers the shares of all ranks, while these do the same.
  Status gather(uint64_t offset, uint64_t bytes) {
    hawser_trigger share{};
    share.kind = HAWSER_TRIGGER_CUSTOM;
    share.source_offset = offset;
    share.bytes = bytes;
    if (!push(share)) return Status(HAWSER_TIMEOUT);
    for (Peer& peer : peers_) {
      if (const Status status = peer.semaphore.wait(kPatience); !status.ok()) return status;
    }
    return Status();
  }

 protected:
  // What a connection has no room for now is tried again, from where it stood.
  bool handle(const hawser_trigger& share) noexcept override {
    for (; done_ < 2 * peers_.size(); ++done_) {
      const Peer& peer = peers_[done_ / 2];
      const Status status = done_ % 2 == 0 ? peer.connection.put(peer.memory, share.source_offset, memory_,
                                                                 share.source_offset, share.bytes)
                                           : peer.connection.signal(peer.semaphore);
      if (status.code() == HAWSER_TIMEOUT) return false;
      // Any other failure is the connection's: who waits for its signals or flushes it is told.
    }
    done_ = 0;
    return true;
  }

 private:
  std::deque<Peer>& peers_;
  const RegisteredMemory& memory_;
  size_t done_ = 0;  // of the share that is served: puts and signals, in turn
};

[[noreturn]] void give_up(const char* what, const Status& status) {
  std::fprintf(stderr, "%s: %s (%d)\n", what, status.text(), status.code());
  std::exit(1);
}

void require(const char* what, const Status& status) {
  if (!status.ok()) give_up(what, status);
}

template <typename T>
T require(const char* what, Result<T> result) {
  if (!result.ok()) give_up(what, result.status());
  return *std::move(result);
}

// Where ranks leave what others need: one place for each pair and kind.
class Exchange {
 public:
  explicit Exchange(int ranks) : ranks_(ranks), places_(static_cast<size_t>(ranks * ranks)), barrier_(ranks) {}

  int ranks() const { return ranks_; }
  void leave(int from, int to, Bytes bytes) { place(from, to) = std::move(bytes); }
  // All ranks have left theirs.
  const Bytes& take(int from, int to) { return place(from, to); }
  void meet() { barrier_.arrive_and_wait(); }

 private:
  Bytes& place(int from, int to) { return places_[static_cast<size_t>(from * ranks_ + to)]; }

  int ranks_;
  std::vector<Bytes> places_;
  std::barrier<> barrier_;
};

// Everybody leaves `told(peer)` for each peer; then `use(peer, what the peer left)` runs for each.
template <typename Told, typename Use>
void swap_all(Exchange& exchange, int rank, Told&& told, Use&& use) {
  for (int peer = 0; peer < exchange.ranks(); ++peer) {
    if (peer != rank) exchange.leave(rank, peer, told(peer));
  }
  exchange.meet();
  for (int peer = 0; peer < exchange.ranks(); ++peer) {
    if (peer != rank) use(peer, exchange.take(peer, rank));
  }
  exchange.meet();
}

std::deque<Peer> meet_all(Exchange& exchange, int rank, const Context& context, Transport transport,
                          const RegisteredMemory& memory) {
  const auto ranks = static_cast<size_t>(exchange.ranks());
  EndpointConfig config;
  config.transport = transport;
  std::vector<std::optional<Endpoint>> endpoints(ranks);
  std::vector<std::optional<Connection>> connections(ranks);
  std::vector<std::optional<Semaphore>> semaphores(ranks);
  std::deque<Peer> peers;
  swap_all(
      exchange, rank,
      [&](int peer) {
        auto& endpoint = endpoints[static_cast<size_t>(peer)];
        endpoint = require("endpoint", Endpoint::open(context, config));
        return endpoint->serialize();
      },
      [&](int peer, const Bytes& told) {
        connections[static_cast<size_t>(peer)] =
            require("connection", endpoints[static_cast<size_t>(peer)]->connect(told, kPatience));
      });
  swap_all(
      exchange, rank,
      [&](int peer) {
        auto& semaphore = semaphores[static_cast<size_t>(peer)];
        semaphore = require("semaphore", Semaphore::open(*connections[static_cast<size_t>(peer)]));
        return semaphore->serialize();
      },
      [&](int peer, const Bytes& told) {
        require("semaphore", semaphores[static_cast<size_t>(peer)]->join(told, kPatience));
      });
  swap_all(
      exchange, rank, [&](int) { return memory.serialize(); },
      [&](int peer, const Bytes& told) {
        const auto of_peer = static_cast<size_t>(peer);
        peers.push_back({*std::move(connections[of_peer]),
                         require("memory", RegisteredMemory::deserialize(context, told, kPatience)),
                         *std::move(semaphores[of_peer])});
      });
  return peers;
}

unsigned char value(int rank, int round) { return static_cast<unsigned char>(16 * round + rank + 1); }

// Whether this rank ended up with all shares, in every round.
bool run(Exchange& exchange, int rank, Transport transport, size_t bytes) {
  const auto ranks = static_cast<size_t>(exchange.ranks());
  auto context = require("context", Context::open(Context::config(rank, "127.0.0.1", "lo,lo")));
  auto buffer = require("buffer", SharedBuffer::allocate(ranks * bytes));
  auto memory = require("memory", RegisteredMemory::of(context, buffer.span(), transport));
  auto peers = meet_all(exchange, rank, context, transport, memory);
  AllGatherProxyService service(context, peers, memory);
  require("proxy", service.startProxy());
  bool equal = true;
  for (int round = 1; round <= kRounds; ++round) {
    const size_t offset = static_cast<size_t>(rank) * bytes;
    std::memset(buffer.span().data() + offset, value(rank, round), bytes);
    require("gather", service.gather(offset, bytes));
    for (size_t at = 0; at < ranks * bytes; ++at) {
      equal = equal && buffer.span()[at] == value(static_cast<int>(at / bytes), round);
    }
    // The next share is filled in when nothing of this one is under way, and put when all have looked at this one.
    for (const Peer& peer : peers) require("flush", peer.connection.flush(kPatience));
    exchange.meet();
  }
  return equal;
}

std::optional<Transport> parse(const std::string& name) {
  if (name == "Memory") return Transport::Memory;
  if (name == "Tcp") return Transport::Tcp;
  if (name == "IB0") return Transport::IB0;
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  const auto transport = parse(count > 1 ? arguments[1] : "Memory");
  const int ranks = count > 2 ? std::atoi(arguments[2]) : 3;
  const long bytes = count > 3 ? std::atol(arguments[3]) : 100'000;
  if (!transport || ranks < 2 || ranks > 8 || bytes < 1) {
    std::fprintf(stderr, "usage: all_gather [Memory|Tcp|IB0] [RANKS: 2 to 8] [BYTES]\n");
    return 2;
  }
  Exchange exchange(ranks);
  std::vector<unsigned char> equal(static_cast<size_t>(ranks));
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < ranks; ++rank) {
      threads.emplace_back([&, rank] {
        equal[static_cast<size_t>(rank)] = run(exchange, rank, *transport, static_cast<size_t>(bytes));
      });
    }
  }
  const bool right = std::count(equal.begin(), equal.end(), 1) == ranks;
  std::printf("%d ranks gathered %ld bytes of each: %s\n", ranks, bytes, right ? "verified" : "WRONG DATA");
  return right ? 0 : 1;
}
