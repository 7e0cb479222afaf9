// Puts with signals between two ranks, without a JVM: what a transport of the ports carries, beside what the machine
// does without them.
//   bench_port_perf [HOST:PORT RANK] [--transport Tcp|Memory|CudaIpc|IB0..IB7] [--op bw|lat] [--sizes 8,1M,128M]
//                   [--ways 1|2] [--seconds S] [--window N] [--wait block|spin] [--lanes SPEC] [--chunk BYTES]
//                   [--address A] [--provider NAME] [--plain]
// Rank 0 waits at PORT, rank 1 comes there. Without HOST:PORT both ranks are processes of this command. --plain, then,
// measures a memcpy into shared memory, or two atomic words, in the ports' place. bw: each iteration puts, signals and
// waits for the peer's, `--window` of them under way; lat: half of a round trip. One line of JSON a size, by rank 0.
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "meeting.h"
#include "port/context.h"
#include "port/endpoint.h"
#include "port/port_channel.h"

namespace hawser::port {
namespace {

using bench::check;
using bench::cpu_seconds;
using bench::die;
using bench::Meeting;
using bench::parse_arguments;
using bench::parse_pair;
using bench::parse_size;

constexpr Nanos kPatience = 60 * kSecond;
constexpr uint32_t kPutWithSignal = HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL;

struct Options {
  std::string host;
  std::string service;
  int rank = -1;  // -1: both, in two processes
  uint32_t transport = HAWSER_PORT_MEMORY;
  bool latency = false;
  bool plain = false;
  bool spin = false;
  std::vector<uint64_t> sizes{128u << 20};
  uint64_t ways = 2;
  uint64_t window = 1;
  double seconds = 3;
  uint32_t chunk = 0;
  std::string lanes;
  std::string address;
  std::string provider;
};

uint32_t parse_transport(const std::string& name) {
  for (uint32_t kind = 0; kind <= HAWSER_PORT_IB7; ++kind) {
    if (name_of(kind) == name) return kind;
  }
  die("there is no transport " + name);
}

Options parse(int argc, char** argv) {
  Options options;
  const auto places = parse_arguments(
      argc, argv,
      {{"--transport", [&](const std::string& name) { options.transport = parse_transport(name); }},
       {"--op", [&](const std::string& what) { options.latency = what == "lat"; }},
       {"--sizes", options.sizes},
       {"--ways", options.ways},
       {"--window", [&](const std::string& size) { options.window = std::max<uint64_t>(parse_size(size), 1); }},
       {"--seconds", options.seconds},
       {"--lanes", options.lanes},
       {"--address", options.address},
       {"--provider", options.provider},
       {"--chunk", options.chunk},
       {"--wait", [&](const std::string& how) { options.spin = how == "spin"; }},
       {"--plain", options.plain}});
  if (places.empty()) return options;
  parse_pair(places[0], ':', &options.host, &options.service);
  if (places.size() != 2 || options.service.empty() || options.plain) die("give HOST:PORT and RANK, or neither");
  options.rank = places[1] == "0" ? 0 : 1;
  return options;
}

// ------------------------------------------------------------------------------------------------ what is measured

// A buffer that the peer writes to and one that is written from, of the largest size, and a way to tell the peer.
class Path {
 public:
  virtual ~Path() = default;
  virtual unsigned char* source() = 0;
  virtual unsigned char* target() = 0;
  virtual void put(uint64_t bytes) = 0;  // and its signal
  virtual void signal() = 0;
  virtual void wait() = 0;  // for the next signal
  virtual void flush() = 0;
};

class PortPath : public Path {
 public:
  PortPath(const Options& options, int rank, uint64_t bytes, Meeting& meeting) : spin_(options.spin ? kPatience : 0) {
    hawser_port_config config{};
    config.struct_size = sizeof(config);
    config.rank = rank;
    config.lanes.struct_size = sizeof(config.lanes);
    config.lanes.chunk_bytes = options.chunk;
    config.lanes.insecure = 1;  // the bytes that it measures with are no secret
    options.address.copy(config.address, sizeof(config.address) - 1);
    options.lanes.copy(config.lanes.lanes, sizeof(config.lanes.lanes) - 1);
    check(context_.open(config));
    hawser_endpoint_config how{};
    how.struct_size = sizeof(how);
    how.transport = options.transport;
    how.device = -1;
    options.provider.copy(how.ib_provider, sizeof(how.ib_provider) - 1);
    std::unique_ptr<Endpoint> endpoint;
    check(Endpoint::open(context_, how, &endpoint));
    meeting.tell(endpoint->told());
    std::vector<uint8_t> heard = meeting.hear();
    check(endpoint->connect(reader(heard), now() + kPatience, &connection_));
    const uint32_t transports = 1u << options.transport;
    for (auto* place : {&source_, &target_}) {
      check(SharedMemory::allocate(bytes, &place->shared));
      check(Memory::register_local(context_, place->shared->data(), bytes, HAWSER_MEMORY_HOST, transports,
                                   &place->memory));
    }
    meeting.tell(target_.memory->told());
    heard = meeting.hear();
    check(Memory::import(context_, reader(heard), now() + kPatience, &at_peer_));
    check(Semaphore::open(connection_, &semaphore_));
    meeting.tell(semaphore_->told());
    heard = meeting.hear();
    check(semaphore_->join(reader(heard), now() + kPatience));
    proxy_ = std::make_unique<ProxyService>(context_);
    check(proxy_->open(0));
    check(proxy_->start());
    const uint32_t id = proxy_->add_semaphore(semaphore_.get());
    const uint32_t destination = proxy_->add_memory(at_peer_);
    check(proxy_->port_channel(id, destination, proxy_->add_memory(source_.memory), &channel_));
  }
  ~PortPath() override {
    proxy_.reset();
    semaphore_.reset();
    connection_->close();
  }

  unsigned char* source() override { return source_.shared->data(); }
  unsigned char* target() override { return target_.shared->data(); }
  void put(uint64_t bytes) override { post(kPutWithSignal, bytes); }
  void signal() override { post(HAWSER_TRIGGER_SIGNAL, 0); }
  void wait() override { check(channel_->wait(now() + kPatience, spin_)); }
  void flush() override { check(channel_->flushed(post(HAWSER_TRIGGER_FLUSH, 0), now() + kPatience, spin_)); }

 private:
  struct Place {
    std::shared_ptr<SharedMemory> shared;
    std::shared_ptr<Memory> memory;
  };
  static Reader reader(const std::vector<uint8_t>& bytes) { return {bytes.data(), bytes.size()}; }
  uint64_t post(uint32_t kind, uint64_t bytes) {
    uint64_t position = 0;
    int32_t code = HAWSER_TIMEOUT;
    while ((code = channel_->post(kind, 0, 0, bytes, &position)) == HAWSER_TIMEOUT) usleep(10);
    if (code != HAWSER_OK) check(channel_->error());
    return position;
  }

  Nanos spin_;
  Context context_;
  Place source_;
  Place target_;
  std::shared_ptr<Memory> at_peer_;
  std::shared_ptr<Connection> connection_;
  std::unique_ptr<Semaphore> semaphore_;
  std::unique_ptr<ProxyService> proxy_;
  PortChannel* channel_ = nullptr;
};

// Memory that both processes have mapped: the least that a put and a signal can cost.
struct Shared {
  struct Side {
    alignas(64) std::atomic<uint64_t> word{0};
    unsigned char* target = nullptr;
  };
  explicit Shared(uint64_t bytes) {
    for (Side*& side : sides) {
      side = new (map(sizeof(Side))) Side;
      side->target = static_cast<unsigned char*>(map(bytes));
    }
  }
  static void* map(uint64_t bytes) {
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) die("no memory");
    return at;
  }
  Side* sides[2];
};

class PlainPath : public Path {
 public:
  PlainPath(Shared& shared, int rank, uint64_t bytes)
      : mine_(*shared.sides[rank]), theirs_(*shared.sides[1 - rank]), source_(bytes) {}
  unsigned char* source() override { return source_.data(); }
  unsigned char* target() override { return mine_.target; }
  void put(uint64_t bytes) override {
    std::memcpy(theirs_.target, source_.data(), bytes);
    signal();
  }
  void signal() override { theirs_.word.store(++told_, std::memory_order_release); }
  void wait() override {
    ++heard_;
    while (mine_.word.load(std::memory_order_acquire) < heard_) relax();
  }
  void flush() override {}

 private:
  Shared::Side& mine_;
  Shared::Side& theirs_;
  std::vector<unsigned char> source_;
  uint64_t told_ = 0;
  uint64_t heard_ = 0;
};

// ------------------------------------------------------------------------------------------------ measuring

unsigned char pattern(int rank, uint64_t i) {
  return static_cast<unsigned char>(i * 131 + (i >> 8) + static_cast<uint64_t>(rank) * 17);
}

bool verified(Path& path, int rank, uint64_t bytes) {
  for (uint64_t i = 0; i < bytes; ++i) {
    if (path.target()[i] != pattern(1 - rank, i)) return false;
  }
  return true;
}

// Rank 0's view of an iteration; rank 1 mirrors it.
void ping_pong(Path& path, int rank, uint64_t bytes) {
  if (rank == 0) path.put(bytes);
  path.wait();
  if (rank == 1) path.put(bytes);
}

// Puts go both ways, or from rank 0 alone with rank 1 answering by signals.
void stream(Path& path, int rank, uint64_t bytes, const Options& options, uint64_t iterations) {
  const auto begin = [&] {
    if (rank == 0 || options.ways == 2) path.put(bytes);
  };
  const uint64_t ahead = std::min(options.window, iterations);
  for (uint64_t i = 0; i < ahead; ++i) begin();
  for (uint64_t i = 0; i < iterations; ++i) {
    path.wait();
    if (rank == 1 && options.ways == 1) path.signal();
    if (i + ahead < iterations) begin();
  }
}

struct Result {
  double seconds = 0;
  double cpu = 0;
  uint64_t verified = 0;
};

void print(const Options& options, uint64_t bytes, uint64_t iterations, const Result& mine, const Result& theirs,
           std::vector<Nanos>& times) {
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double q) {
    if (times.empty()) return 0.0;
    return static_cast<double>(times[static_cast<size_t>(q * static_cast<double>(times.size() - 1))]) / 1e3;
  };
  const double ways = options.latency ? 2 : static_cast<double>(options.ways);
  const double bits = ways * 8 * static_cast<double>(bytes) * static_cast<double>(iterations);
  const std::string transport = options.plain ? "plain" : name_of(options.transport);
  std::printf(
      "{\"transport\":\"%s\",\"op\":\"%s\",\"bytes\":%llu,\"ways\":%.0f,\"window\":%llu,\"iterations\":%llu,"
      "\"seconds\":%.3f,\"gbit_per_s\":%.4f,\"p50_us\":%.3f,\"p99_us\":%.3f,\"cpu_seconds\":%.3f,\"verified\":%s}\n",
      transport.c_str(), options.latency ? "lat" : "bw", static_cast<unsigned long long>(bytes), ways,
      static_cast<unsigned long long>(options.window), static_cast<unsigned long long>(iterations), mine.seconds,
      bits / mine.seconds / 1e9, quantile(0.5), quantile(0.99), mine.cpu + theirs.cpu,
      mine.verified != 0 && theirs.verified != 0 ? "true" : "false");
  std::fflush(stdout);
}

void measure(Path& path, const Options& options, int rank, uint64_t bytes, Meeting& meeting) {
  for (uint64_t i = 0; i < bytes; ++i) path.source()[i] = pattern(rank, i);
  std::memset(path.target(), 0, bytes);
  meeting.exchange(rank);
  const uint64_t warm_up = bytes < 1u << 20 ? 200 : 2;
  double once = 0;
  for (int pass = 0; pass < 2; ++pass) {  // the first one finds everything cold
    const Nanos before = now();
    for (uint64_t i = 0; i < warm_up; ++i) {
      if (options.latency)
        ping_pong(path, rank, bytes);
      else
        stream(path, rank, bytes, options, 1);
    }
    once = static_cast<double>(now() - before) / 1e9 / static_cast<double>(warm_up);
  }
  auto iterations = std::max<uint64_t>(static_cast<uint64_t>(options.seconds / once), 4);
  const uint64_t proposed = meeting.exchange(iterations);
  if (rank == 1) iterations = proposed;
  std::vector<Nanos> times;
  if (options.latency) times.reserve(iterations);
  Result result;
  result.cpu = cpu_seconds();
  const Nanos begin = now();
  if (options.latency) {
    for (uint64_t i = 0; i < iterations; ++i) {
      const Nanos start = now();
      ping_pong(path, rank, bytes);
      times.push_back((now() - start) / 2);
    }
  } else {
    stream(path, rank, bytes, options, iterations);
  }
  result.seconds = static_cast<double>(now() - begin) / 1e9;
  path.flush();
  result.cpu = cpu_seconds() - result.cpu;
  // The peer's last word is there, so nothing of it is under way.
  const bool wrote_here = options.latency || options.ways == 2 || rank == 1;
  result.verified = !wrote_here || verified(path, rank, bytes) ? 1 : 0;
  const Result theirs = meeting.exchange(result);
  if (rank == 0) print(options, bytes, iterations, result, theirs, times);
}

void run(const Options& options, int rank, int fd, Shared* shared) {
  Meeting meeting(fd, kPatience);
  const uint64_t largest = *std::max_element(options.sizes.begin(), options.sizes.end());
  std::unique_ptr<Path> path;
  if (shared != nullptr) {
    path = std::make_unique<PlainPath>(*shared, rank, largest);
  } else {
    path = std::make_unique<PortPath>(options, rank, largest, meeting);
  }
  for (const uint64_t bytes : options.sizes) measure(*path, options, rank, bytes, meeting);
  meeting.exchange(rank);
}

int run_both(const Options& options) {
  const uint64_t largest = *std::max_element(options.sizes.begin(), options.sizes.end());
  std::unique_ptr<Shared> shared;
  if (options.plain) shared = std::make_unique<Shared>(largest);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) die("no socket pair");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    run(options, 1, ends[1], shared.get());
    return 0;
  }
  close(ends[1]);
  run(options, 0, ends[0], shared.get());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace
}  // namespace hawser::port

int main(int argc, char** argv) {
  const auto options = hawser::port::parse(argc, argv);
  if (options.rank < 0) return hawser::port::run_both(options);
  hawser::port::run(options, options.rank,
                    hawser::bench::meet(options.host, options.service, options.rank, hawser::port::kPatience), nullptr);
  return 0;
}
