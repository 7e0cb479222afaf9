// Parties of a test in one process, over lanes of loopback: a communicator each, and a thread each where they act.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "spu/yacl/lane_channel.h"
#include "spu/yacl/lane_communicator.h"

namespace hawser::testing {

constexpr uint64_t kPatienceMillis = 20'000;

inline LaneOptions test_options() {
  LaneOptions options;
  options.lanes = "=lo,lo";
  options.connect_timeout = std::chrono::seconds(20);
  return options;
}

inline ::yacl::Buffer random_buffer(size_t bytes, uint64_t seed = 1) {
  ::yacl::Buffer buffer(static_cast<int64_t>(bytes));
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < bytes; ++i) buffer.data<uint8_t>()[i] = static_cast<uint8_t>(random());
  return buffer;
}

inline std::string text(const ::yacl::Buffer& buffer) { return std::string(std::string_view(buffer)); }

inline bool same(const ::yacl::Buffer& a, const ::yacl::Buffer& b) {
  return std::string_view(a) == std::string_view(b);
}

// Runs `act` for each rank in a thread of its own; what one throws is thrown here.
inline void in_threads(size_t parties, const std::function<void(size_t)>& act) {
  std::vector<std::exception_ptr> failures(parties);
  std::vector<std::thread> threads;
  for (size_t rank = 0; rank < parties; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        act(rank);
      } catch (...) {
        failures[rank] = std::current_exception();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

// What `act` throws, as text; fails the test when it throws nothing, or something else.
template <typename Expected, typename Act>
std::string thrown_by(Act&& act) {
  try {
    act();
  } catch (const Expected& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

class LaneWorld {
 public:
  explicit LaneWorld(size_t parties, const LaneOptions& options = test_options()) : parties_(parties) {
    std::vector<std::string> addresses;
    for (size_t rank = 0; rank < parties; ++rank) {
      parties_[rank] = std::make_shared<LaneCommunicator>(rank, parties, options);
      addresses.push_back("127.0.0.1:" + std::to_string(parties_[rank]->listen("127.0.0.1:0")));
    }
    in_threads(parties, [&](size_t rank) { parties_[rank]->connect(addresses); });
  }

  // Each party waits for the others' acknowledgements as it goes: they go together.
  ~LaneWorld() {
    in_threads(parties_.size(), [&](size_t rank) { parties_[rank].reset(); });
  }

  std::shared_ptr<LaneCommunicator>& operator[](size_t rank) { return parties_[rank]; }

  std::shared_ptr<LaneChannel> channel(size_t from, size_t to, const std::string& prefix = "spu") {
    auto channel = std::make_shared<LaneChannel>(parties_[from], to, prefix);
    channel->SetRecvTimeout(kPatienceMillis);
    return channel;
  }

 private:
  std::vector<std::shared_ptr<LaneCommunicator>> parties_;
};

// Both ends between rank 0 and rank 1.
struct ChannelPair {
  explicit ChannelPair(LaneWorld& world, const std::string& prefix = "spu")
      : a(world.channel(0, 1, prefix)), b(world.channel(1, 0, prefix)) {}

  std::shared_ptr<LaneChannel> a;
  std::shared_ptr<LaneChannel> b;
};

}  // namespace hawser::testing
