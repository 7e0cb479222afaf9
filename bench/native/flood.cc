// What a flood of strangers at a listener costs the link that it let in before: the same work with and without, in
// turns. The link is asked for a rate that the machine can carry (--mbit), as wires would limit it: where it may take
// all processors there are, the flood's own work would be measured.
#include "lane/tests/flood.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "arguments.h"
#include "base/text.h"
#include "lane/driver.h"
#include "lane/listener.h"

namespace hawser {
namespace {

using bench::check;

constexpr uint64_t kBytes = 1 << 20;
constexpr uint64_t kTag = 7;
constexpr Nanos kPatience = 20 * kSecond;

struct Options {
  int pairs = 5;
  double seconds = 3;
  uint64_t mbit = 4000;
  int per_second = 1000;
};

struct End {
  End() {
    hawser_config config{};
    config.struct_size = sizeof(config);
    config.rank = -1;
    copy_text(config.lanes, "=lo,lo,lo,lo");
    check(engine.open(config));
    driver = std::make_unique<Driver>(engine, [this](const hawser_event& event) {
      done += event.kind == HAWSER_EVENT_SEND_DONE || event.kind == HAWSER_EVENT_RECEIVE_DONE ? 1 : 0;
      if (event.code != HAWSER_OK) bench::die("the link has failed");
    });
  }

  Engine engine;
  std::unique_ptr<Driver> driver;
  std::unique_ptr<Link> link;
  uint32_t id = 0;
  uint64_t done = 0;  // operations
};

// Both ends of a link in one process, driven by turns.
struct Pair {
  Pair() {
    Listener listener(b.engine);
    check(listener.open("127.0.0.1", 0));
    std::thread accepting([&] { check(listener.accept(kPatience, &b.link)); });
    check(connect_link(a.engine, "127.0.0.1", listener.port(), kPatience, &a.link));
    accepting.join();
    check(a.driver->attach(a.link.get(), &a.id));
    check(b.driver->attach(b.link.get(), &b.id));
  }
  ~Pair() {
    for (End* end : {&a, &b}) {
      end->link->close();
      end->engine.detach(end->link.get());
    }
  }
  void drive() {
    a.driver->drive(0, 0);
    b.driver->drive(0, 0);
  }

  End a;
  End b;
};

// Megabits a second that the link has carried.
double carry(Pair& pair, const Options& options, const std::vector<unsigned char>& sent,
             std::vector<unsigned char>& received) {
  const Nanos begin = now();
  const Nanos pause = static_cast<Nanos>(kBytes * 8 * 1000 / options.mbit);
  const auto length = static_cast<Nanos>(options.seconds * static_cast<double>(kSecond));
  uint64_t messages = 0;
  // Who falls behind catches up: only a link that cannot keep up loses.
  for (Nanos due = begin; now() - begin < length; due += pause, ++messages) {
    while (now() < due) pair.drive();
    const uint64_t before = pair.a.done + pair.b.done;
    pair.a.driver->send(pair.a.id, kTag, sent.data(), kBytes);
    pair.b.driver->receive(pair.b.id, kTag, received.data(), kBytes);
    while (pair.a.done + pair.b.done < before + 2 && now() - begin < length + kPatience) pair.drive();
    if (received != sent) bench::die("a message was lost or changed");
    received[0] ^= 1;
  }
  return static_cast<double>(messages * kBytes * 8) * 1e3 / static_cast<double>(now() - begin);
}

int run(const Options& options) {
  Pair pair;
  Listener listener(pair.b.engine);
  check(listener.open("127.0.0.1", 0));
  std::atomic<bool> over{false};
  std::thread accepting([&] {
    std::unique_ptr<Link> nobody;
    while (!over) (void)listener.accept(100 * kMillisecond, &nobody);
  });
  std::vector<unsigned char> sent(kBytes);
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<unsigned char>(i * i >> 7);
  std::vector<unsigned char> received(kBytes);
  std::vector<double> ratios;
  double came = 0;
  for (int i = 0; i < options.pairs; ++i) {
    const double quiet = carry(pair, options, sent, received);
    testing::Flood flood(listener.port(), options.per_second);
    const double flooded = carry(pair, options, sent, received);
    came += flood.end();
    ratios.push_back(flooded / quiet);
    std::fprintf(stderr, "quiet %.0f Mbit/s, flooded %.0f Mbit/s\n", quiet, flooded);
  }
  over = true;
  accepting.join();
  std::sort(ratios.begin(), ratios.end());
  const double median = ratios[ratios.size() / 2];
  std::printf("{\"mbit\":%llu,\"strangers_per_second\":%.0f,\"refused\":%llu,\"ratio\":%.3f,\"least\":%.3f}\n",
              static_cast<unsigned long long>(options.mbit), came / options.pairs / options.seconds,
              static_cast<unsigned long long>(listener.strangers()), median, ratios.front());
  return median >= 0.9 ? 0 : 1;
}

}  // namespace
}  // namespace hawser

// bench_flood [--pairs N] [--seconds S] [--mbit M] [--strangers PER-SECOND]; fails below 0.9
int main(int argc, char** argv) {
  hawser::Options options;
  hawser::bench::parse_options(argc, argv,
                               {{"--pairs", options.pairs},
                                {"--seconds", options.seconds},
                                {"--mbit", options.mbit},
                                {"--strangers", options.per_second}});
  return hawser::run(options);
}
