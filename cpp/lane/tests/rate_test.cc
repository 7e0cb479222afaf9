// What lanes are measured to deliver, which decides who gets the next chunk.
#include <chrono>
#include <numeric>

#include "lane/tests/party.h"

namespace hawser::testing {
namespace {

constexpr uint32_t kChunk = 16 * 1024;
constexpr size_t kBytes = 4 * HAWSER_WINDOW * kChunk;  // what four lanes can have under way at once

hawser_config small_chunks() {
  hawser_config config = test_config();
  config.chunk_bytes = kChunk;
  return config;
}

uint64_t submitted_chunks(const Pair& pair) {
  const hawser_link_shared* shared = pair.a.link->shared();
  return std::accumulate(shared->lane, shared->lane + shared->lanes, uint64_t{0},
                         [](uint64_t sum, const hawser_lane_state& lane) { return sum + lane.submitted_chunks; });
}

// Sends everything before the receiver reads any of it, and returns how long the whole took.
Nanos exchange(Pair& pair, const std::vector<unsigned char>& data, std::vector<unsigned char>& copy) {
  const Nanos begin = now();
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 7, copy.data(), copy.size());
  const uint64_t send = pair.a.driver->send(pair.a.id, 7, data.data(), data.size());
  const uint64_t before = submitted_chunks(pair);
  EXPECT_TRUE(pair.drive_until([&] { return submitted_chunks(pair) != before; }));
  for (int i = 0; i < 200; ++i) pair.a.driver->drive(0, 0);
  EXPECT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
  return now() - begin;
}

TEST(Rate, DoesNotCountTheTimeThatALaneWasIdle) {
  Pair pair(small_chunks());
  const auto data = random_bytes(kBytes, 1);
  std::vector<unsigned char> copy(kBytes);
  for (int run = 0; run < 3; ++run) {
    const Nanos took = exchange(pair, data, copy);
    const double even_share = static_cast<double>(kBytes) / 4 * 1e9 / static_cast<double>(took);
    const hawser_link_shared* shared = pair.a.link->shared();
    for (uint32_t lane = 0; lane < shared->lanes; ++lane) {
      // Each lane was busy for a part of that time only, so a true measurement is not below; a quarter leaves room for
      // what a loaded machine does between two acknowledgements.
      EXPECT_GT(static_cast<double>(shared->lane[lane].rate), even_share / 4) << "lane " << lane << ", run " << run;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace
}  // namespace hawser::testing
