// The rate of tagged messages over libfabric by a plain loop, as fi_msg_bw of fabtests has it: what the lanes' network
// `ofi` is measured against. Takes the options of perf that bench/peers uses; `--lanes =DEVICE` names one device.
#include <rdma/fi_tagged.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "meeting.h"
#include "plain_ofi.h"

namespace hawser::bench {
namespace {

constexpr Nanos kPatience = 30 * kSecond;
constexpr uint64_t kTag = 1;
constexpr double kWarmUp = 0.3;

struct Options {
  std::string host = "0.0.0.0";
  std::string port = "12347";
  std::string device;
  std::string provider = "tcp";
  bool listen = false;
  uint64_t bytes = 16 << 20;
  uint64_t window = 4;
  double seconds = 3;
};

Options parse(int argc, char** argv) {
  Options options;
  const auto words = parse_arguments(
      argc, argv,
      {{"--listen", options.listen},
       {"--once", Option::ignored_flag()},
       {"--json", Option::ignored_flag()},
       {"--port", options.port},
       {"--sizes", options.bytes},
       {"--window", options.window},
       {"--seconds", options.seconds},
       {"--provider", options.provider},
       {"--lanes", [&](const std::string& lane) { options.device = lane.substr(std::min<size_t>(1, lane.size())); }},
       {"--op", Option::ignored()}});
  for (const std::string& word : words) parse_pair(word, ':', &options.host, &options.port);
  if (options.window == 0) die("a window has 1 message or more");
  return options;
}

struct Report {  // receiver to sender
  double cpu_seconds = 0;
  uint64_t verified = 0;
};

// One of the window's messages.
struct Place {
  fi_context2 context{};
  std::vector<uint8_t> data;
  fid_mr* registration = nullptr;
};

class Loop {
 public:
  Loop(const Options& options, int fd)
      : meeting_(fd, kPatience),
        ofi_({options.provider, options.device, FI_TAGGED | FI_SEND | FI_RECV, FI_ORDER_SAS}),
        bytes_(agree(options, options.bytes)),
        places_(agree(options, options.window)) {
    meeting_.tell(ofi_.name());
    ofi_.address(meeting_.hear().data());
    for (Place& place : places_) {
      place.data.resize(bytes_);
      place.registration = ofi_.register_memory(place.data, FI_SEND | FI_RECV);
    }
  }
  ~Loop() {
    for (Place& place : places_) fi_close(&place.registration->fid);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void send(double seconds) {
    for (Place& place : places_) fill(place.data);
    const double cpu = cpu_seconds();
    const Nanos start = now();
    const Nanos measured_from = start + static_cast<Nanos>(kWarmUp * kSecond);
    const Nanos end = measured_from + static_cast<Nanos>(seconds * kSecond);
    uint64_t messages = 0;
    uint64_t warm_up = 0;
    for (Nanos time = start; time < end; time = now()) {
      ofi_.drain(places_.size() - 1);
      if (time < measured_from) ++warm_up;
      post(places_[messages++ % places_.size()], bytes_);
    }
    ofi_.drain(0);
    post(places_[0], 0);  // the end
    ofi_.drain(0);
    const auto report = meeting_.exchange(Report{});
    const double took = static_cast<double>(now() - measured_from) / 1e9;
    const double share = took / (static_cast<double>(now() - start) / 1e9);
    print(messages - warm_up, took, (cpu_seconds() - cpu + report.cpu_seconds) * share, report.verified != 0);
  }

  void receive() {
    const double cpu = cpu_seconds();
    for (Place& place : places_) expect(place);
    for (bool ended = false; !ended;) {
      ofi_.look([&](void* context, size_t length) {
        ended |= length == 0;
        for (Place& place : places_) {
          if (&place.context == context && length > 0) expect(place);
        }
      });
    }
    // The end wrote nothing: every place still holds the last message that came there.
    std::vector<uint8_t> expected(bytes_);
    fill(expected);
    meeting_.exchange(Report{cpu_seconds() - cpu, places_.back().data == expected});
  }

 private:
  // The sender's choice is the receiver's as well.
  uint64_t agree(const Options& options, uint64_t mine) {
    const uint64_t theirs = meeting_.exchange(mine);
    return options.listen ? theirs : mine;
  }
  static void fill(std::vector<uint8_t>& data) {
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 131 + (i >> 8));
  }
  void post(Place& place, uint64_t bytes) {
    ofi_.post("fi_tsend", [&](fid_ep* endpoint, fi_addr_t peer) {
      return fi_tsend(endpoint, place.data.data(), bytes, fi_mr_desc(place.registration), peer, kTag, &place.context);
    });
  }
  void expect(Place& place) {
    ofi_.post("fi_trecv", [&](fid_ep* endpoint, fi_addr_t peer) {
      return fi_trecv(endpoint, place.data.data(), bytes_, fi_mr_desc(place.registration), peer, kTag, 0,
                      &place.context);
    });
  }
  void print(uint64_t messages, double seconds, double cpu, bool verified) const {
    std::printf(
        "{\"op\":\"bw\",\"bytes\":%llu,\"window\":%zu,\"iterations\":%llu,\"seconds\":%.3f,\"gbit_per_s\":%.4f,"
        "\"p50_us\":null,\"p99_us\":null,\"cpu_seconds\":%.3f,\"verified\":%s}\n",
        static_cast<unsigned long long>(bytes_), places_.size(), static_cast<unsigned long long>(messages), seconds,
        static_cast<double>(messages * bytes_) * 8 / seconds / 1e9, cpu, verified ? "true" : "false");
  }

  Meeting meeting_;
  PlainOfi ofi_;
  uint64_t bytes_;
  std::vector<Place> places_;
};

}  // namespace
}  // namespace hawser::bench

int main(int argc, char** argv) {
  using namespace hawser::bench;
  const Options options = parse(argc, argv);
  Loop loop(options, meet(options.host, options.port, options.listen ? 0 : 1, kPatience));
  if (options.listen) {
    loop.receive();
  } else {
    loop.send(options.seconds);
  }
  return 0;
}
