// One end of a link in a test: an engine, its driver, and what completed. One thread drives one party.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "base/text.h"
#include "lane/driver.h"
#include "lane/listener.h"

namespace hawser::testing {

constexpr Nanos kPatience = 20 * kSecond;

inline hawser_config test_config() {
  hawser_config config{};
  config.struct_size = sizeof(config);
  config.rank = -1;
  copy_text(config.lanes, "=lo,lo,lo,lo");
  return config;
}

inline std::vector<unsigned char> random_bytes(size_t bytes, uint64_t seed) {
  std::vector<unsigned char> data(bytes);
  std::mt19937_64 random(seed);
  for (auto& byte : data) byte = static_cast<unsigned char>(random());
  return data;
}

class Party {
 public:
  explicit Party(const hawser_config& config) {
    const Status status = engine.open(config);
    EXPECT_TRUE(status.ok()) << status.text();
    driver = std::make_unique<Driver>(engine, [this](const hawser_event& event) { events.push_back(event); });
  }

  ~Party() {
    if (link == nullptr) return;
    link->close();
    engine.detach(link.get());
  }

  void attach() {
    const Status status = driver->attach(link.get(), &id);
    ASSERT_TRUE(status.ok()) << status.text();
  }

  // Drives until `done()`, or gives up.
  template <typename Done>
  bool drive_until(Done&& done, Nanos patience = kPatience) {
    const Nanos deadline = now() + patience;
    while (!done()) {
      if (now() > deadline) return false;
      driver->drive(10 * kMillisecond, 0);
    }
    return true;
  }

  const hawser_event* completion(uint64_t op) const {
    for (const hawser_event& event : events) {
      const bool done = event.kind == HAWSER_EVENT_SEND_DONE || event.kind == HAWSER_EVENT_RECEIVE_DONE;
      if (done && event.id == op) return &event;
    }
    return nullptr;
  }

  int count(hawser_event_kind kind) const {
    int count = 0;
    for (const hawser_event& event : events) count += event.kind == static_cast<uint32_t>(kind) ? 1 : 0;
    return count;
  }

  // The operation's code, or HAWSER_TIMEOUT.
  int32_t await(uint64_t op, Nanos patience = kPatience) {
    if (!drive_until([&] { return completion(op) != nullptr; }, patience)) return HAWSER_TIMEOUT;
    return completion(op)->code;
  }

  Engine engine;
  std::unique_ptr<Driver> driver;
  std::unique_ptr<Link> link;
  uint32_t id = 0;
  std::vector<hawser_event> events;
};

// Two connected parties; the second is driven by `serve` in a thread of its own while the first is driven by the test.
struct Pair {
  explicit Pair(const hawser_config& config = test_config()) : Pair(config, config) {}
  Pair(const hawser_config& first, const hawser_config& second) : a(first), b(second) {
    Listener listener(b.engine);
    Status status = listener.open("127.0.0.1", 0);
    EXPECT_TRUE(status.ok()) << status.text();
    std::thread accepting([&] {
      const Status accepted = listener.accept(kPatience, &b.link);
      EXPECT_TRUE(accepted.ok()) << accepted.text();
    });
    status = connect_link(a.engine, "127.0.0.1", listener.port(), kPatience, &a.link);
    EXPECT_TRUE(status.ok()) << status.text();
    accepting.join();
    a.attach();
    b.attach();
  }

  // Drives both by turns in this thread until `done()`.
  template <typename Done>
  bool drive_until(Done&& done, Nanos patience = kPatience) {
    const Nanos deadline = now() + patience;
    while (!done()) {
      if (now() > deadline) return false;
      a.driver->drive(0, 0);
      b.driver->drive(0, 0);
    }
    return true;
  }

  Party a;
  Party b;
};

}  // namespace hawser::testing
