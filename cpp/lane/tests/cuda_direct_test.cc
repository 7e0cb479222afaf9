// Lanes over a network plugin that takes memory of GPUs: chunks go there and come from there without the host's help,
// and by way of pinned memory where the plugin refuses it.
#include <gmock/gmock.h>

#include "lane/tests/cuda_places.h"
#include "lane/tests/nets.h"
#include "net/tests/plugin/faults.h"

namespace hawser::testing {
namespace {

constexpr size_t kChunk = 512 * 1024;

hawser_config over_plugin(const Net& net = kPluginNet) {
  hawser_config config = over(net);
  config.link_timeout_ns = 5 * kSecond;
  config.silence_ns = 100 * kMillisecond;
  return config;
}

class CudaDirect : public OnGpus {
 public:
  void SetUp() override {
    OnGpus::SetUp();
    faults->pointer_kinds = nccl::kPointerHost | nccl::kPointerCuda;
  }
  void TearDown() override { EXPECT_EQ(0, faults->failed_copies); }

  static void carry(Pair& pair, int from, int to, size_t bytes, uint64_t tag = 1) {
    Transfer<Pair> transfer(pair, from, to, bytes, tag);
    transfer.start();
    transfer.expect_arrival();
  }

  const Faults faults{TEST_PLUGIN};
};

TEST_F(CudaDirect, ChunksLieInTheGpusMemory) {
  Pair pair(over_plugin());
  for (const auto& [from, to] : {std::pair(0, 0), std::pair(0, -1), std::pair(-1, 0), std::pair(0, gpus() - 1)}) {
    for (const size_t bytes : {kLeastDeviceMessage, kChunk, 10 * kChunk + kLeastDeviceMessage, size_t{16} << 20}) {
      const int flushes = faults->flushes;
      const int memories = faults->gpu_memories;
      carry(pair, from, to, bytes);
      const int chunks = static_cast<int>((bytes + kChunk - 1) / kChunk);
      EXPECT_EQ(flushes + (to >= 0 ? chunks : 0), faults->flushes);
      // Four lanes of two directions for each end's memory.
      EXPECT_EQ(memories + 8 * ((from >= 0 ? 1 : 0) + (to >= 0 ? 1 : 0)), faults->gpu_memories);
    }
  }
}

TEST_F(CudaDirect, ShortMessagesAndRestsAreStaged) {
  Pair pair(over_plugin());
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{8192}, size_t{40'000}, kLeastDeviceMessage - 1}) {
    carry(pair, 0, 0, bytes);
  }
  EXPECT_EQ(0, faults->flushes);
  carry(pair, 0, 0, 3 * kChunk + 5);
  EXPECT_EQ(3, faults->flushes);
}

TEST_F(CudaDirect, WhatThePluginRefusesIsStaged) {
  Pair pair(over_plugin());
  faults->gpu_memories_left = 0;  // of the first lane's sending end alone
  carry(pair, 0, 0, 32 * kChunk);
  EXPECT_GT(faults->flushes, 0);
  EXPECT_LE(faults->flushes, 32);
}

TEST_F(CudaDirect, APluginOfTheHostsMemoryAloneSeesNoOther) {
  faults->pointer_kinds = nccl::kPointerHost;
  Pair pair(over_plugin());
  carry(pair, 0, 0, 10 * kChunk + 3);
  EXPECT_EQ(0, faults->flushes);
  EXPECT_EQ(0, faults->gpu_memories);
}

TEST_F(CudaDirect, ManyMessagesOfAllKindsKeepTheirOrder) {
  Pair pair(over_plugin());
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Transfer<Pair>>> transfers;
  for (size_t i = 0; i < 60; ++i) {
    const size_t bytes = random() % 3 == 0 ? random() % 50'000 : random() % 2'000'000;
    const int from = static_cast<int>(random() % 2) - 1;
    const int to = static_cast<int>(random() % 2) - 1;
    transfers.push_back(std::make_unique<Transfer<Pair>>(pair, from, to, bytes, i % 3));
  }
  for (size_t i = 0; i < transfers.size(); ++i) {
    transfers[i]->post_send();
    if (i % 2 == 0) pair.a.driver->drive(0, 0);
    transfers[i]->post_receive();
  }
  ASSERT_TRUE(pair.drive_until(
      [&] { return std::all_of(transfers.begin(), transfers.end(), [](const auto& one) { return one->over(); }); }));
  for (auto& transfer : transfers) transfer->check();
}

TEST_F(CudaDirect, AFlushThatFailsLosesALaneAndNothingElse) {
  Pair pair(over_plugin());
  Transfer<Pair> transfer(pair, 0, 0, 32 * kChunk);
  faults->flushes_left = 5;
  transfer.start();
  transfer.expect_arrival();
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.count(HAWSER_EVENT_LANE_LOST) == 1; }));
  // It comes back, and with it the registrations.
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.count(HAWSER_EVENT_LANE_BACK) == 1; }));
  const int flushes = faults->flushes;
  carry(pair, 0, 0, 32 * kChunk);
  EXPECT_EQ(flushes + 32, faults->flushes);
}

TEST_F(CudaDirect, ADeviceThatUnpacksPutsChunksTogetherInTheGpusMemory) {
  const Faults unpacking(TEST_PLUGIN_UNPACK);
  unpacking->pointer_kinds = nccl::kPointerHost | nccl::kPointerCuda;
  unpacking->bounces_on_gpu = true;
  hawser_config config = over_plugin(kUnpackingNet);
  std::strcpy(config.lanes, "1");
  Pair pair(config);
  for (const auto& [from, to] : {std::pair(0, 0), std::pair(0, -1), std::pair(-1, 0), std::pair(-1, -1)}) {
    for (const size_t bytes : {size_t{100}, kLeastDeviceMessage, 10 * kChunk + 3}) carry(pair, from, to, bytes);
  }
  EXPECT_EQ(0, unpacking->failed_copies);
}

TEST_F(CudaDirect, CancelledOperationsLeaveTheGpusMemoryAlone) {
  for (const bool sender : {true, false}) {
    Pair pair(over_plugin());
    Transfer<Pair> transfer(pair, 0, 0, 64 * kChunk);
    transfer.start();
    const int flushes = faults->flushes;
    ASSERT_TRUE(pair.drive_until([&] { return faults->flushes > flushes + 2; }));
    Party& one = sender ? pair.a : pair.b;
    const uint64_t op = sender ? transfer.send : transfer.receive;
    one.driver->cancel(one.id, op);
    ASSERT_TRUE(pair.drive_until([&] { return one.completion(op) != nullptr; }));
    (sender ? transfer.source : transfer.target).free();  // the fake driver tells who still reads or writes there
    ASSERT_TRUE(pair.drive_until([&] { return transfer.over(); }));
    carry(pair, 0, 0, 3 * kChunk, 2);
  }
}

}  // namespace
}  // namespace hawser::testing
