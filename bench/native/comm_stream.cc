// One comm of the socket transport at full speed: what the data path costs without the lane engine on top.
//   bench_comm_stream [--bytes N] [--seconds S] [--zerocopy on|off|auto] [--sockets K] [--window W]
//                     [--mode stream|pingpong] [--namespaces A,B --device NAME]
// The two ends are threads; each can be put in a network namespace of its own.
#include <fcntl.h>
#include <sched.h>

#include <atomic>
#include <cstdio>
#include <deque>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "arguments.h"
#include "base/unique_fd.h"
#include "net/devices.h"
#include "net/poller.h"
#include "net/transport.h"

namespace {

using namespace hawser;

struct Options {
  size_t bytes = 512 * 1024;
  double seconds = 2;
  size_t window = 4;
  TransportOptions transport{.zerocopy = HAWSER_OFF, .clear = Clear::kAnywhere};
  bool pingpong = false;
  std::string namespaces[2];
  std::string device = "lo";
};

Options parse(int argc, char** argv) {
  Options options;
  bench::parse_options(
      argc, argv,
      {{"--bytes", options.bytes},
       {"--seconds", options.seconds},
       {"--window", options.window},
       {"--sockets", options.transport.sockets_per_lane},
       {"--zerocopy",
        [&](const std::string& mode) {
          options.transport.zerocopy = mode == "on" ? HAWSER_ON : mode == "auto" ? HAWSER_AUTO : HAWSER_OFF;
        }},
       {"--mode", [&](const std::string& mode) { options.pingpong = mode == "pingpong"; }},
       {"--device", options.device},
       {"--namespaces", [&](const std::string& pair) {
          bench::parse_pair(pair, ',', &options.namespaces[0], &options.namespaces[1]);
        }}});
  return options;
}

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Busy time of the whole machine, softirq included, in seconds.
double system_seconds() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  double busy = 0;
  file >> cpu;
  for (int field = 0; field < 8; ++field) {
    double ticks = 0;
    file >> ticks;
    const bool idle = field == 3 || field == 4;
    if (!idle) busy += ticks;
  }
  return busy / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// One end: its namespace, its transport, its comm.
class End {
 public:
  End(const Options& options, size_t index) {
    if (!options.namespaces[index].empty()) {
      const UniqueFd fd(open(("/run/netns/" + options.namespaces[index]).c_str(), O_RDONLY | O_CLOEXEC));
      if (!fd.valid() || setns(fd.get(), CLONE_NEWNET) != 0) bench::die("cannot enter the namespace");
    }
    LaneChoice choice;
    bench::check(choose_lanes(list_devices(), "=" + options.device, "", &choice));
    transport_ = make_socket_transport({choice.devices[static_cast<size_t>(choice.lanes[0])]}, options.transport);
    bench::check(poller_.open());
  }

  void listen(std::promise<Handle>* out) {
    Handle handle{};
    bench::check(transport_->listen(0, &handle, &listener_));
    out->set_value(handle);
    while (comm_ == nullptr) bench::check(listener_->accept(&comm_));
    bench::check(comm_->arm(poller_));
  }

  void connect(const Handle& handle) {
    std::unique_ptr<Connector> connector;
    bench::check(transport_->connect(0, handle, &connector));
    while (comm_ == nullptr) bench::check(connector->poll(&comm_));
    bench::check(comm_->arm(poller_));
  }

  Comm& comm() { return *comm_; }

  void progress() {
    bool moved = false;
    if (comm_->ready()) bench::check(comm_->progress(&moved));
  }

  void sleep() {
    if (!comm_->ready()) poller_.wait(50 * kMillisecond);
  }

 private:
  Poller poller_;  // before the comm, which it watches
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ListenComm> listener_;
  std::unique_ptr<Comm> comm_;
};

struct Result {
  double cpu = 0;
  uint64_t messages = 0;
};

// Removes the requests that are done; returns how many.
uint64_t collect(End& end, std::deque<Request*>* requests) {
  uint64_t done = 0;
  for (size_t bytes = 0; !requests->empty() && end.comm().test(requests->front(), &bytes); ++done) {
    requests->pop_front();
  }
  return done;
}

Result send_stream(End& end, const Options& options) {
  std::vector<unsigned char> data(options.bytes * options.window, 7);
  std::deque<Request*> requests;
  Result result;
  const double begin_cpu = thread_seconds();
  const Nanos deadline = now() + static_cast<Nanos>(options.seconds * 1e9);
  for (size_t slot = 0; now() < deadline || !requests.empty();) {
    while (requests.size() < options.window && now() < deadline) {
      Request* request = nullptr;
      bench::check(end.comm().isend(data.data() + slot * options.bytes, options.bytes, nullptr, &request));
      if (request == nullptr) break;
      requests.push_back(request);
      slot = (slot + 1) % options.window;
    }
    end.progress();
    result.messages += collect(end, &requests);
    if (requests.size() == options.window || (now() >= deadline && !requests.empty())) end.sleep();
  }
  result.cpu = thread_seconds() - begin_cpu;
  return result;
}

Result receive_stream(End& end, const Options& options, const std::atomic<uint64_t>& total) {
  std::vector<unsigned char> place(options.bytes * options.window);
  std::deque<Request*> requests;
  Result result;
  const double begin_cpu = thread_seconds();
  for (size_t slot = 0; result.messages < total.load();) {
    while (requests.size() < options.window) {
      Request* request = nullptr;
      bench::check(end.comm().irecv(place.data() + slot * options.bytes, options.bytes, nullptr, &request));
      if (request == nullptr) break;
      requests.push_back(request);
      slot = (slot + 1) % options.window;
    }
    end.progress();
    result.messages += collect(end, &requests);
    if (requests.size() == options.window) end.sleep();
  }
  result.cpu = thread_seconds() - begin_cpu;
  return result;
}

void transfer(End& end, unsigned char* data, size_t bytes, bool send) {
  Request* request = nullptr;
  bench::check(send ? end.comm().isend(data, bytes, nullptr, &request)
                    : end.comm().irecv(data, bytes, nullptr, &request));
  bool moved = false;
  if (send) bench::check(end.comm().progress(&moved));
  for (size_t got = 0; !end.comm().test(request, &got);) {
    end.comm().expect_input();
    end.progress();
  }
}

constexpr int kRounds = 20'000;

void ping_pong(End& end, size_t bytes, bool first) {
  std::vector<unsigned char> data(bytes, 3);
  for (int round = 0; round < kRounds; ++round) {
    transfer(end, data.data(), bytes, first);
    transfer(end, data.data(), bytes, !first);
  }
}

void run(const Options& options) {
  std::promise<Handle> promise;
  std::atomic<uint64_t> total{UINT64_MAX};
  Result received;
  // A thread each: a namespace is entered by a thread.
  std::future<void> receiver = std::async(std::launch::async, [&] {
    End end(options, 1);
    end.listen(&promise);
    if (options.pingpong) {
      ping_pong(end, options.bytes, false);
    } else {
      received = receive_stream(end, options, total);
    }
  });
  Result sent;
  double wall = 0;
  double system = 0;
  std::future<void> sender = std::async(std::launch::async, [&] {
    End end(options, 0);
    end.connect(promise.get_future().get());
    const double begin_system = system_seconds();
    const Nanos begin = now();
    if (options.pingpong) {
      ping_pong(end, options.bytes, true);
    } else {
      sent = send_stream(end, options);
      total = sent.messages;
    }
    wall = static_cast<double>(now() - begin) * 1e-9;
    receiver.get();
    system = system_seconds() - begin_system;
  });
  sender.get();
  if (options.pingpong) {
    std::printf("%zu bytes: half round trip %.2f us\n", options.bytes, wall * 1e6 / (2 * kRounds));
    return;
  }
  const double gbit = static_cast<double>(sent.messages * options.bytes) * 8e-9;
  std::printf("%zu bytes, window %zu, sockets %u: %.2f Gbit/s; CPU s/Gbit: send %.4f receive %.4f machine %.4f\n",
              options.bytes, options.window, options.transport.sockets_per_lane, gbit / wall, sent.cpu / gbit,
              received.cpu / gbit, system / gbit);
}

}  // namespace

int main(int argc, char** argv) { run(parse(argc, argv)); }
