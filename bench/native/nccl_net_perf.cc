// Streams messages over any of NCCL's network plugins, as NCCL's proxy threads would: one thread an end, asking all the
// time. It takes the options of `hawser perf` that bench/peers uses, so that a plugin stands beside ours as any peer.
//   bench_nccl_net_perf --plugin PATH --listen [--port P]
//   bench_nccl_net_perf --plugin PATH HOST[:PORT] [--sizes LIST] [--seconds S] [--window W] [--split DEVICE,..]
// A message is cut in equal slices, one for each device of the plugin, as NCCL cuts its data over the devices that it
// finds, and is there when all slices are. With --split our plugin is opened once for each DEVICE, with this one lane
// each: what NCCL would make of the lanes without us.
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "meeting.h"
#include "net/plugin/library.h"

namespace hawser::bench {
namespace {

constexpr Nanos kPatience = 60 * kSecond;
constexpr Nanos kWarmUp = 300 * kMillisecond;
constexpr uint32_t kLooksPerStop = 1024;  // how often the receiver asks whether the sender has finished

struct Options {
  std::string plugin;
  std::string host = "0.0.0.0";
  std::string port = "12350";
  std::string split;
  bool listen = false;
  std::vector<uint64_t> sizes{16u << 20};
  double seconds = 3;
  uint64_t window = 4;
};

// Sender to receiver, before each size; bytes 0 ends the session.
struct Order {
  uint64_t bytes = 0;
  uint64_t window = 0;
  uint64_t ports = 0;
};
struct Report {  // receiver to sender, after each size
  uint64_t messages = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  uint64_t verified = 0;
};

Options parse(int argc, char** argv) {
  Options options;
  const auto words = parse_arguments(argc, argv,
                                     {{"--listen", options.listen},
                                      {"--once", Option::ignored_flag()},
                                      {"--json", Option::ignored_flag()},
                                      {"--plugin", options.plugin},
                                      {"--port", options.port},
                                      {"--split", options.split},
                                      {"--sizes", options.sizes},
                                      {"--seconds", options.seconds},
                                      {"--window", options.window},
                                      {"--op", Option::ignored()}});
  for (const std::string& word : words) parse_pair(word, ':', &options.host, &options.port);
  if (!options.listen && options.host == "0.0.0.0") die("give --listen or HOST[:PORT]");
  return options;
}

// One device of one opened plugin.
struct Port {
  std::shared_ptr<PluginNet> net;
  int device = 0;
};

std::vector<Port> open_ports(const Options& options) {
  std::vector<Port> ports;
  Plugin plugin;
  if (options.split.empty()) {
    check(open_plugin(options.plugin, &plugin));
    for (size_t i = 0; i < plugin.devices.size(); ++i) ports.push_back({plugin.net, static_cast<int>(i)});
    return ports;
  }
  for (size_t from = 0; from < options.split.size();) {
    const size_t comma = std::min(options.split.find(',', from), options.split.size());
    setenv("HAWSER_LANES", ("=" + options.split.substr(from, comma - from)).c_str(), 1);
    check(open_plugin(options.plugin, &plugin));
    ports.push_back({plugin.net, 0});
    from = comma + 1;
  }
  return ports;
}

void require(const Port& port, const char* call, nccl::Result result) {
  if (result != nccl::kSuccess) die(port.net->failure(call, result).text());
}

// One slice's way: a comm, its registered memory and its requests, tested in the order in which they were made.
class Stream {
 public:
  Stream(Port port, void* comm, bool sends, std::vector<unsigned char>& memory)
      : port_(std::move(port)), comm_(comm), sends_(sends), memory_(memory) {
    require(port_, "regMr", port_.net->reg_mr(comm_, memory.data(), memory.size(), nccl::kPointerHost, &registered_));
  }
  ~Stream() {
    (void)port_.net->dereg_mr(comm_, registered_);
    (void)(sends_ ? port_.net->close_send(comm_) : port_.net->close_receive(comm_));
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // False when the plugin has no request free: again after a test.
  bool post(size_t offset, size_t bytes) {
    void* request = nullptr;
    void* const data = memory_.data() + offset;
    if (sends_) {
      require(port_, "isend", port_.net->isend(comm_, data, bytes, registered_, &request));
    } else {
      require(port_, "irecv", port_.net->irecv(comm_, data, bytes, registered_, &request));
    }
    if (request != nullptr) requests_.push_back(request);
    return request != nullptr;
  }
  // Whether its oldest request has completed.
  bool advance() {
    if (requests_.empty()) return false;
    int done = 0;
    int bytes = 0;
    require(port_, "test", port_.net->test(requests_.front(), &done, &bytes));
    if (done != 0) requests_.pop_front();
    return done != 0;
  }

 private:
  Port port_;
  void* comm_;
  bool sends_;
  std::vector<unsigned char>& memory_;
  void* registered_ = nullptr;
  std::deque<void*> requests_;
};

// The messages of one size, by all ports: message i lies in place i % window, and in it slice j behind slice j - 1.
class Flow {
 public:
  Flow(const Order& order, std::vector<unsigned char>& memory) : order_(order), memory_(memory) {
    // The last slice takes what does not divide.
    for (uint64_t i = 0; i <= order.ports; ++i) bounds_.push_back(order.bytes / order.ports * i);
    bounds_.back() = order.bytes;
    posted_.resize(order.ports);
    completed_.resize(order.ports);
  }
  void add(const Port& port, void* comm, bool sends) { streams_.emplace_back(port, comm, sends, memory_); }

  // Posts up to the window, but no message from `limit` on, and tests each stream once.
  void step(uint64_t limit) {
    for (size_t i = 0; i < streams_.size(); ++i) {
      while (posted_[i] < limit && posted_[i] < completed() + order_.window) {
        const uint64_t place = posted_[i] % order_.window * order_.bytes;
        if (!streams_[i].post(place + bounds_[i], bounds_[i + 1] - bounds_[i])) break;
        ++posted_[i];
      }
      if (streams_[i].advance()) ++completed_[i];
    }
  }
  // Messages of which every slice is done.
  uint64_t completed() const { return *std::min_element(completed_.begin(), completed_.end()); }
  uint64_t posted() const { return *std::max_element(posted_.begin(), posted_.end()); }

 private:
  Order order_;
  std::vector<unsigned char>& memory_;
  std::vector<uint64_t> bounds_;
  std::deque<Stream> streams_;
  std::vector<uint64_t> posted_;
  std::vector<uint64_t> completed_;
};

void fill(unsigned char* data, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<unsigned char>(i * 131 + (i >> 8));
}

// Hands the listeners' handles over, and asks both ends again until there are comms.
std::vector<void*> accept_all(const std::vector<Port>& ports, Meeting& meeting) {
  std::vector<void*> listeners(ports.size());
  std::vector<void*> comms(ports.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    std::vector<uint8_t> handle(nccl::kHandleBytes);
    require(ports[i], "listen", ports[i].net->listen(ports[i].device, handle.data(), &listeners[i]));
    meeting.tell(handle);
  }
  const Nanos deadline = now() + kPatience;
  for (size_t i = 0; i < ports.size(); ++i) {
    while (comms[i] == nullptr && now() < deadline) {
      require(ports[i], "accept", ports[i].net->accept(listeners[i], &comms[i], nullptr));
    }
    if (comms[i] == nullptr) die("nobody connected");
    require(ports[i], "closeListen", ports[i].net->close_listen(listeners[i]));
  }
  return comms;
}

std::vector<void*> connect_all(const std::vector<Port>& ports, Meeting& meeting) {
  std::vector<void*> comms(ports.size());
  std::vector<std::vector<uint8_t>> handles;
  for (size_t i = 0; i < ports.size(); ++i) handles.push_back(meeting.hear());
  const Nanos deadline = now() + kPatience;
  for (size_t i = 0; i < ports.size(); ++i) {
    while (comms[i] == nullptr && now() < deadline) {
      require(ports[i], "connect", ports[i].net->connect(ports[i].device, handles[i].data(), &comms[i]));
    }
    if (comms[i] == nullptr) die("no connection in time");
  }
  return comms;
}

bool readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

Report receive_all(Flow& flow, Meeting& meeting, int fd) {
  Report report;
  const double cpu = cpu_seconds();
  uint64_t warm_up = 0;
  Nanos began = 0;
  Nanos measured_from = 0;
  Nanos last = 0;
  uint64_t seen = 0;
  uint64_t total = UINT64_MAX;
  Nanos deadline = now() + kPatience;
  for (uint32_t looks = 0; flow.completed() < total;) {
    // A receive may be posted before anyone knows that no message comes for it: closing the comm ends it.
    flow.step(total);
    if (flow.completed() != seen) {
      seen = flow.completed();
      last = now();
      deadline = last + kPatience;
      if (began == 0) began = last;
      if (measured_from == 0 && last - began > kWarmUp) {
        measured_from = last;
        warm_up = seen;
      }
    }
    if (++looks % kLooksPerStop != 0 || total != UINT64_MAX) continue;
    if (readable(fd)) total = meeting.exchange(uint64_t{0});
    if (now() > deadline) die("nothing arrives any more");
  }
  report.messages = seen - warm_up;
  report.seconds = static_cast<double>(last - measured_from) / 1e9;
  report.cpu_seconds = (cpu_seconds() - cpu) * static_cast<double>(report.messages) / static_cast<double>(seen);
  return report;
}

void serve(const Options& options) {
  const int fd = meet(options.host, options.port, 0, kPatience);
  Meeting meeting(fd, kPatience);
  std::vector<Port> ports;
  for (;;) {
    const Order order = meeting.exchange(Order{});
    if (order.bytes == 0) return;
    if (ports.empty()) ports = open_ports(options);
    if (ports.size() != order.ports) die("the two ends have different numbers of devices");
    std::vector<unsigned char> memory(order.bytes * order.window);
    std::vector<unsigned char> expected(order.bytes);
    fill(expected.data(), expected.size());
    Flow flow(order, memory);
    const std::vector<void*> comms = accept_all(ports, meeting);
    for (size_t i = 0; i < ports.size(); ++i) flow.add(ports[i], comms[i], false);
    Report report = receive_all(flow, meeting, fd);
    report.verified = std::memcmp(memory.data(), expected.data(), expected.size()) == 0;
    meeting.exchange(report);
  }
}

struct Times {
  std::vector<Nanos> all;
  double quantile_us(double q) {
    if (all.empty()) return 0;
    std::sort(all.begin(), all.end());
    return static_cast<double>(all[static_cast<size_t>(q * static_cast<double>(all.size() - 1))]) / 1e3;
  }
};

// Streams for the time asked and through the last message.
Times send_all(Flow& flow, double seconds, uint64_t* messages) {
  Times times;
  std::deque<Nanos> begun;
  const Nanos end = now() + kWarmUp + static_cast<Nanos>(seconds * 1e9);
  uint64_t limit = UINT64_MAX;
  for (uint64_t seen = 0; seen < limit;) {
    flow.step(limit);
    const Nanos time = now();
    for (uint64_t i = seen + begun.size(); i < flow.posted(); ++i) begun.push_back(time);
    for (; seen < flow.completed(); ++seen) {
      times.all.push_back(time - begun.front());
      begun.pop_front();
    }
    if (limit == UINT64_MAX && time > end) limit = flow.posted();
    if (time > end + kPatience) die("the messages do not arrive");
  }
  *messages = limit;
  return times;
}

void run(const Options& options) {
  const std::vector<Port> ports = open_ports(options);
  const int fd = meet(options.host, options.port, 1, kPatience);
  Meeting meeting(fd, kPatience);
  for (const uint64_t bytes : options.sizes) {
    const Order order{bytes, options.window, ports.size()};
    meeting.exchange(order);
    std::vector<unsigned char> memory(order.bytes * order.window);
    for (uint64_t i = 0; i < order.window; ++i) fill(&memory[i * order.bytes], order.bytes);
    uint64_t messages = 0;
    Flow flow(order, memory);
    const std::vector<void*> comms = connect_all(ports, meeting);
    for (size_t i = 0; i < ports.size(); ++i) flow.add(ports[i], comms[i], true);
    double cpu = cpu_seconds();
    Times times = send_all(flow, options.seconds, &messages);
    cpu = cpu_seconds() - cpu;
    meeting.exchange(messages);
    // The comms stay until the receiver has it all: some plugins' sends are done when the kernel has them.
    const Report report = meeting.exchange(Report{});
    cpu *= static_cast<double>(report.messages) / static_cast<double>(messages);
    std::printf(
        "{\"op\":\"bw\",\"plugin\":\"%s\",\"version\":%d,\"devices\":%zu,\"bytes\":%llu,\"window\":%llu,"
        "\"iterations\":%llu,\"seconds\":%.3f,\"gbit_per_s\":%.4f,\"p50_us\":%.2f,\"p99_us\":%.2f,"
        "\"cpu_seconds\":%.3f,\"verified\":%s}\n",
        ports.front().net->name(), ports.front().net->version(), ports.size(), static_cast<unsigned long long>(bytes),
        static_cast<unsigned long long>(order.window), static_cast<unsigned long long>(report.messages), report.seconds,
        static_cast<double>(report.messages * bytes) * 8 / report.seconds / 1e9, times.quantile_us(0.5),
        times.quantile_us(0.99), cpu + report.cpu_seconds, report.verified != 0 ? "true" : "false");
    std::fflush(stdout);
  }
  meeting.exchange(Order{});
}

}  // namespace
}  // namespace hawser::bench

int main(int argc, char** argv) {
  const hawser::bench::Options options = hawser::bench::parse(argc, argv);
  if (options.listen) {
    hawser::bench::serve(options);
  } else {
    hawser::bench::run(options);
  }
  return 0;
}
