// `hawser perf` without a JVM: the same engine under the C++ driver, with the options of perf that bench/peers uses. It
// shows what driving from Java costs, and is what a profiler without Java frames looks at.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "base/text.h"
#include "hawser_trust.h"
#include "lane/driver.h"
#include "lane/listener.h"

namespace hawser {
namespace {

using bench::check;
using bench::cpu_seconds;
using bench::die;
using bench::Option;
using bench::parse_arguments;
using bench::parse_pair;
using bench::parse_size;

constexpr uint64_t kControl = 1;
constexpr uint64_t kData = 2;
constexpr Nanos kPatience = 60 * kSecond;

struct Order {  // client to server, before each size; bytes 0 and window 0 end the session
  uint64_t bytes = 0;
  uint64_t window = 0;
  uint64_t is_latency = 0;
};
struct Stop {  // client to server, after the last message of a size
  uint64_t messages = 0;
};
struct Report {  // server to client
  double cpu_seconds = 0;
  uint64_t verified = 0;
};

struct Options {
  std::string host;
  uint16_t port = HAWSER_BOOTSTRAP_PORT;
  bool listen = false;
  bool once = false;
  std::string op = "bw";
  std::vector<uint64_t> sizes{16u << 20};
  double seconds = 3;
  uint64_t window = 4;
  bool spin = false;
  hawser_config config{};
};

void set_host(Options& options, const std::string& target) {
  std::string port = std::to_string(options.port);
  parse_pair(target, ':', &options.host, &port);
  options.port = static_cast<uint16_t>(parse_size(port));
}

// A folder with certificate.pem, key.pem and roots.pem, or a file with a pre-shared key. Kept to the end.
hawser_identity* open_identity(const std::string& path) {
  hawser_identity_config config{};
  config.struct_size = sizeof config;
  if (std::filesystem::is_directory(path)) {
    copy_text(config.certificate, path + "/certificate.pem");
    copy_text(config.key, path + "/key.pem");
    copy_text(config.roots, path + "/roots.pem");
  } else {
    copy_text(config.psk_file, path);
  }
  hawser_identity* identity = nullptr;
  hawser_error error{};
  if (hawser_identity_open(&config, &identity, &error) != HAWSER_OK) die(error.text);
  return identity;
}

Options parse(int argc, char** argv) {
  Options options;
  options.config.struct_size = sizeof(hawser_config);
  options.config.rank = -1;
  options.config.insecure = 1;  // the bytes that it measures with are no secret
  const auto text = [](auto& to) { return [&to](const std::string& from) { copy_text(to, from); }; };
  const auto words = parse_arguments(
      argc, argv,
      {{"--listen", options.listen},
       {"--once", options.once},
       {"--json", Option::ignored_flag()},
       {"--port", options.port},
       {"--op", options.op},
       {"--sizes", options.sizes},
       {"--seconds", options.seconds},
       {"--window", options.window},
       {"--chunk", options.config.chunk_bytes},
       {"--eager", options.config.eager_bytes},
       {"--wait", [&](const std::string& how) { options.spin = how == "spin"; }},
       {"--checksum", [&](const std::string& how) { options.config.checksum = how == "off" ? HAWSER_OFF : HAWSER_ON; }},
       {"--zerocopy",
        [&](const std::string& how) {
          options.config.zerocopy = how == "on" ? HAWSER_ON : how == "off" ? HAWSER_OFF : HAWSER_AUTO;
        }},
       {"--net", text(options.config.net)},
       {"--lanes", text(options.config.lanes)},
       {"--identity", [&](const std::string& path) { options.config.identity = open_identity(path); }},
       {"--scheduler", Option::ignored()},
       {"--on-lane-loss", Option::ignored()},
       {"--bind", Option::ignored()}});
  for (const std::string& word : words) set_host(options, word);
  if (!options.listen && options.host.empty()) die("give --listen or HOST[:PORT]");
  return options;
}

// One end: posts, drives, and knows what has completed.
class Peer {
 public:
  explicit Peer(const Options& options)
      : spin_(options.spin ? 3600 * kSecond : 0),
        driver_(
            [&]() -> Engine& {
              check(engine_.open(options.config));
              return engine_;
            }(),
            [this](const hawser_event& event) { on_event(event); }) {}

  Engine& engine() { return engine_; }

  void use(std::unique_ptr<Link> link) {
    link_ = std::move(link);
    check(driver_.attach(link_.get(), &id_));
  }

  void leave() {
    const Nanos deadline = now() + kPatience;
    while (link_->shared()->unacknowledged != 0 && now() < deadline) driver_.drive(kMillisecond, 0);
    link_->close();
    engine_.detach(link_.get());
    link_.reset();
  }

  uint64_t send(uint64_t tag, const void* data, uint64_t bytes) {
    return posted([&] { return driver_.send(id_, tag, data, bytes); });
  }
  uint64_t receive(uint64_t tag, void* data, uint64_t bytes) {
    return posted([&] { return driver_.receive(id_, tag, data, bytes); });
  }
  void cancel(uint64_t op) { driver_.cancel(id_, op); }

  void drive() { driver_.drive(100 * kMillisecond, spin_); }

  // True when the operation succeeded; false when the link has ended.
  bool await(uint64_t op) {
    const Nanos deadline = now() + kPatience;
    while (!done_.contains(op)) {
      if (now() > deadline) die("an operation did not finish in time");
      drive();
    }
    const int32_t code = done_[op];
    done_.erase(op);
    return code == HAWSER_OK;
  }
  bool finished(uint64_t op) const { return done_.contains(op); }

  hawser_link_shared* shared() { return link_->shared(); }
  std::string device(uint32_t lane) { return link_->channels().get_channel(static_cast<int>(lane)).device; }

 private:
  template <typename Post>
  uint64_t posted(Post&& post) {
    uint64_t op = 0;
    while ((op = post()) == 0) drive();
    return op;
  }
  void on_event(const hawser_event& event) {
    if (event.kind == HAWSER_EVENT_SEND_DONE || event.kind == HAWSER_EVENT_RECEIVE_DONE) done_[event.id] = event.code;
    if (event.kind == HAWSER_EVENT_LINK_FAILED) die(link_->error().text());
    if (event.kind == HAWSER_EVENT_LANE_LOST || event.kind == HAWSER_EVENT_LANE_BACK) {
      const char* what = event.kind == HAWSER_EVENT_LANE_LOST ? "lost" : "back";
      std::fprintf(stderr, "%.3f lane %d %s\n", static_cast<double>(now()) / 1e9, event.lane, what);
    }
  }

  Nanos spin_;
  Engine engine_;
  Driver driver_;
  std::unique_ptr<Link> link_;
  uint32_t id_ = 0;
  std::map<uint64_t, int32_t> done_;
};

void fill(std::vector<unsigned char>& data) {
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<unsigned char>(i * 131 + (i >> 8));
}

// ------------------------------------------------------------------------------------------------ server

bool serve_bandwidth(Peer& peer, const Order& order) {
  std::vector<std::vector<unsigned char>> buffers(order.window, std::vector<unsigned char>(order.bytes));
  std::deque<uint64_t> receives;
  Stop stop;
  const double cpu = cpu_seconds();
  const uint64_t last = peer.receive(kControl, &stop, sizeof(stop));
  uint64_t messages = 0;
  for (uint64_t i = 0; i < order.window; ++i) receives.push_back(peer.receive(kData, buffers[i].data(), order.bytes));
  while (!peer.finished(last) || messages < stop.messages) {
    if (!peer.finished(receives.front())) {
      peer.drive();
      continue;
    }
    if (!peer.await(receives.front())) return false;
    receives.pop_front();
    receives.push_back(peer.receive(kData, buffers[messages++ % order.window].data(), order.bytes));
  }
  peer.await(last);
  for (const uint64_t op : receives) peer.cancel(op);
  for (const uint64_t op : receives) peer.await(op);
  std::vector<unsigned char> expected(order.bytes);
  fill(expected);
  const Report report{cpu_seconds() - cpu, messages == 0 || buffers[0] == expected};
  return peer.await(peer.send(kControl, &report, sizeof(report)));
}

bool serve_latency(Peer& peer, const Order& order) {
  std::vector<unsigned char> buffer(order.bytes + 1);
  const double cpu = cpu_seconds();
  do {
    if (!peer.await(peer.receive(kData, buffer.data(), buffer.size()))) return false;
    if (!peer.await(peer.send(kData, buffer.data(), order.bytes))) return false;
  } while (buffer[0] != 255);
  const Report report{cpu_seconds() - cpu, 1};
  return peer.await(peer.send(kControl, &report, sizeof(report)));
}

void serve(const Options& options) {
  Peer peer(options);
  Listener listener(peer.engine());
  check(listener.open("", options.port));
  do {
    std::unique_ptr<Link> link;
    check(listener.accept(3600 * kSecond, &link));
    peer.use(std::move(link));
    for (;;) {
      Order order;
      if (!peer.await(peer.receive(kControl, &order, sizeof(order))) || order.window == 0) break;
      if (!(order.is_latency != 0 ? serve_latency(peer, order) : serve_bandwidth(peer, order))) break;
    }
    peer.leave();
  } while (!options.once);
}

// ------------------------------------------------------------------------------------------------ client

struct Result {
  uint64_t messages = 0;
  double seconds = 0;
  double cpu = 0;
  bool verified = false;
  std::vector<Nanos> times;
};

void run_bandwidth(Peer& peer, const Options& options, uint64_t bytes, Result* result) {
  // A place a message of the window, as in perf: one buffer sent over and over would come from the cache.
  std::vector<std::vector<unsigned char>> places(options.window, std::vector<unsigned char>(bytes));
  for (auto& place : places) fill(place);
  uint64_t posted = 0;
  struct Flight {
    uint64_t op;
    Nanos began;
  };
  std::deque<Flight> flights;
  uint64_t warm_up = 0;
  uint64_t all = 0;
  const double cpu = cpu_seconds();
  const Nanos began = now();
  Nanos measured_from = 0;
  const Nanos end = began + static_cast<Nanos>((options.seconds + 0.3) * 1e9);
  while (now() < end || !flights.empty()) {
    while (flights.size() < options.window && now() < end) {
      flights.push_back({peer.send(kData, places[posted++ % options.window].data(), bytes), now()});
    }
    if (flights.empty()) break;
    if (!peer.await(flights.front().op)) die("the link ended");
    const Nanos time = now();
    result->times.push_back(time - flights.front().began);
    flights.pop_front();
    ++all;
    if (measured_from == 0 && time - began > 300 * kMillisecond) {
      measured_from = time;
      warm_up = all;
      result->times.clear();
    }
  }
  Stop stop{all};
  peer.send(kControl, &stop, sizeof(stop));
  Report report;
  if (!peer.await(peer.receive(kControl, &report, sizeof(report)))) die("the link ended");
  result->messages = all - warm_up;
  result->seconds = static_cast<double>(now() - measured_from) / 1e9;
  const double share = result->seconds / (static_cast<double>(now() - began) / 1e9);
  result->cpu = (cpu_seconds() - cpu + report.cpu_seconds) * share;
  result->verified = report.verified != 0;
}

void run_latency(Peer& peer, const Options& options, uint64_t bytes, Result* result) {
  std::vector<unsigned char> data(bytes + 1);
  const double cpu = cpu_seconds();
  const Nanos began = now();
  const Nanos end = began + static_cast<Nanos>(options.seconds * 1e9);
  for (bool last = false; !last;) {
    last = now() >= end;
    data[0] = last ? 255 : 1;
    const Nanos start = now();
    peer.send(kData, data.data(), bytes);
    if (!peer.await(peer.receive(kData, data.data(), bytes))) die("the link ended");
    result->times.push_back((now() - start) / 2);
  }
  result->messages = result->times.size();
  result->seconds = static_cast<double>(now() - began) / 1e9;
  Report report;
  if (!peer.await(peer.receive(kControl, &report, sizeof(report)))) die("the link ended");
  result->cpu = cpu_seconds() - cpu + report.cpu_seconds;
  result->verified = report.verified != 0;
}

void print(Peer& peer, const Options& options, uint64_t bytes, Result& result, const std::vector<uint64_t>& before) {
  std::sort(result.times.begin(), result.times.end());
  const auto quantile = [&](double q) {
    if (result.times.empty()) return 0.0;
    return static_cast<double>(result.times[static_cast<size_t>(q * static_cast<double>(result.times.size() - 1))]) /
           1e3;
  };
  const double gbit = static_cast<double>(result.messages * bytes) * 8 / result.seconds / 1e9;
  std::printf(
      "{\"op\":\"%s\",\"bytes\":%llu,\"window\":%llu,\"iterations\":%llu,\"seconds\":%.3f,\"gbit_per_s\":%.4f,"
      "\"p50_us\":%.2f,\"p99_us\":%.2f,\"cpu_seconds\":%.3f,\"verified\":%s,\"lanes\":[",
      options.op.c_str(), static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(options.window),
      static_cast<unsigned long long>(result.messages), result.seconds, gbit, quantile(0.5), quantile(0.99), result.cpu,
      result.verified ? "true" : "false");
  for (uint32_t lane = 0; lane < peer.shared()->lanes; ++lane) {
    const hawser_lane_state& state = peer.shared()->lane[lane];
    std::printf("%s{\"device\":\"%s\",\"bytes\":%llu,\"alive\":%s}", lane == 0 ? "" : ",", peer.device(lane).c_str(),
                static_cast<unsigned long long>(state.sent_bytes - before[lane]), state.alive != 0 ? "true" : "false");
  }
  std::printf("]}\n");
  std::fflush(stdout);
}

void run(const Options& options) {
  Peer peer(options);
  std::unique_ptr<Link> link;
  const Nanos began = now();
  check(connect_link(peer.engine(), options.host, options.port, 10 * kSecond, &link));
  std::fprintf(stderr, "connected in %.1f ms\n", static_cast<double>(now() - began) / kMillisecond);
  peer.use(std::move(link));
  for (const uint64_t bytes : options.sizes) {
    const Order order{bytes, options.window, options.op == "lat"};
    peer.await(peer.send(kControl, &order, sizeof(order)));
    std::vector<uint64_t> before;
    for (uint32_t lane = 0; lane < peer.shared()->lanes; ++lane) before.push_back(peer.shared()->lane[lane].sent_bytes);
    Result result;
    if (order.is_latency != 0) {
      run_latency(peer, options, bytes, &result);
    } else {
      run_bandwidth(peer, options, bytes, &result);
    }
    print(peer, options, bytes, result, before);
  }
  const Order end{};
  peer.await(peer.send(kControl, &end, sizeof(end)));
  peer.leave();
}

}  // namespace
}  // namespace hawser

int main(int argc, char** argv) {
  const hawser::Options options = hawser::parse(argc, argv);
  if (options.listen) {
    hawser::serve(options);
  } else {
    hawser::run(options);
  }
  return 0;
}
