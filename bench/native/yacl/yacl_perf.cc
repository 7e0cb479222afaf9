// yacl messages between two processes on this machine, over lanes of loopback: the time of an 8-byte round trip halved,
// and the rate of 16 MiB messages. One JSON object a line.
//   bench_yacl_perf [--lanes SPEC] [--seconds S] [--window N]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "spu/yacl/lane_communicator.h"
#include "spu/yacl/lane_link.h"

namespace hawser {
namespace {

constexpr size_t kSmall = 8;
constexpr size_t kLarge = 16u << 20;

struct Options {
  LaneOptions lanes;
  double seconds = 3;
  size_t window = 4;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Nanos duration(const Options& options) { return static_cast<Nanos>(options.seconds * 1e9); }

void answer_pings(LaneChannel& channel) {
  for (bool more = true; more;) {
    const ::yacl::Buffer ping = channel.Recv("ping");
    more = ping.size() == kSmall;
    channel.Send("pong", ping);
  }
}

void ping(LaneChannel& channel, const Options& options) {
  const std::string message(kSmall, 'p');
  std::vector<Nanos> times;
  for (const Nanos end = now() + duration(options); now() < end;) {
    const Nanos began = now();
    channel.Send("ping", message);
    channel.Recv("pong");
    times.push_back((now() - began) / 2);
  }
  channel.Send("ping", "");
  channel.Recv("pong");
  std::sort(times.begin(), times.end());
  const auto quantile = [&](size_t percent) { return static_cast<double>(times[times.size() * percent / 100]) / 1e3; };
  std::printf("{\"op\":\"pingpong\",\"bytes\":%zu,\"iterations\":%zu,\"p50_us\":%.2f,\"p99_us\":%.2f}\n", kSmall,
              times.size(), quantile(50), quantile(99));
}

void take_stream(LaneChannel& channel) {
  const double cpu = cpu_seconds();
  while (channel.Recv("stream").size() != 0) {
  }
  const double spent = cpu_seconds() - cpu;
  channel.Send("end", ::yacl::ByteContainerView(&spent, sizeof(spent)));
}

void stream(LaneChannel& channel, const Options& options) {
  ::yacl::Buffer message(static_cast<int64_t>(kLarge));
  for (size_t i = 0; i < kLarge; ++i) message.data<uint8_t>()[i] = static_cast<uint8_t>(i * 131 + (i >> 8));
  channel.SetThrottleWindowSize(options.window);
  const double cpu = cpu_seconds();
  const Nanos began = now();
  uint64_t messages = 0;
  for (; now() - began < duration(options); ++messages) {
    // A view of memory that lives on: nothing is copied on its way to the lanes.
    channel.SendAsyncThrottled("stream", ::yacl::Buffer(message.data(), kLarge, [](void*) {}));
  }
  channel.Send("stream", "");
  double spent = 0;
  const ::yacl::Buffer end = channel.Recv("end");
  std::memcpy(&spent, end.data(), sizeof(spent));
  const double seconds = static_cast<double>(now() - began) / 1e9;
  const double bytes = static_cast<double>(messages * kLarge);
  std::printf(
      "{\"op\":\"stream\",\"bytes\":%zu,\"window\":%zu,\"messages\":%llu,\"mb_per_s\":%.0f,"
      "\"cpu_seconds_per_gb\":%.3f}\n",
      kLarge, options.window, static_cast<unsigned long long>(messages), bytes / seconds / 1e6,
      (cpu_seconds() - cpu + spent) / (bytes / 1e9));
}

void run_party(size_t rank, const Options& options, int from_other, int to_other) {
  auto lanes = std::make_shared<LaneCommunicator>(rank, 2, options.lanes);
  uint16_t port = 0;
  if (rank == 0) {
    port = lanes->listen("127.0.0.1:0");
    if (write(to_other, &port, sizeof(port)) != sizeof(port)) std::exit(1);
  } else if (read(from_other, &port, sizeof(port)) != sizeof(port)) {
    std::exit(1);
  }
  lanes->connect({"127.0.0.1:" + std::to_string(port), "127.0.0.1:1"});
  LaneChannel channel(lanes, 1 - rank);
  if (rank == 0) {
    ping(channel, options);
    stream(channel, options);
  } else {
    answer_pings(channel);
    take_stream(channel);
  }
}

Options parse(int argc, char** argv) {
  Options options;
  options.lanes.lanes = "=lo,lo,lo,lo";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--lanes")
      options.lanes.lanes = argv[i + 1];
    else if (name == "--seconds")
      options.seconds = std::stod(argv[i + 1]);
    else if (name == "--window")
      options.window = std::stoul(argv[i + 1]);
  }
  return options;
}

}  // namespace
}  // namespace hawser

int main(int argc, char** argv) {
  const hawser::Options options = hawser::parse(argc, argv);
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t other = fork();
  if (other < 0) return 1;
  try {
    hawser::run_party(other == 0 ? 1 : 0, options, ends[0], ends[1]);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "yacl_perf: %s\n", failure.what());
    return 1;
  }
  if (other == 0) return 0;
  int status = 0;
  waitpid(other, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
