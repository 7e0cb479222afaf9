// A GPU's memory through network plugins that take it: on the machine's GPUs, or on a fake driver whose memory the host
// cannot touch.
#include <gmock/gmock.h>

#include "net/tests/cuda_buffers.h"

namespace hawser {
namespace {

using ::testing::HasSubstr;

constexpr size_t kLong = 600'000;

using On = Buffer::On;

class CudaPlugin : public OverPlugin {
 protected:
  CudaPlugin() : OverPlugin(TEST_PLUGIN) {}
};

class CudaPluginVersions : public CudaPlugin, public ::testing::WithParamInterface<int> {};

TEST_P(CudaPluginVersions, CarryFromAndIntoAGpusMemory) {
  {
    PluginPair pair(TEST_PLUGIN, {.newest_version = GetParam()});
    ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
    for (const auto& [from, to] :
         {std::pair(On::kGpu, On::kGpu), std::pair(On::kGpu, On::kHost), std::pair(On::kHost, On::kGpu)}) {
      for (const size_t bytes : {kLeastDeviceMessage, size_t{524288}, size_t{4194305}}) {
        const int flushes = faults->flushes;
        const Status status = carry(pair, from, to, bytes);
        ASSERT_TRUE(status.ok()) << bytes << ": " << status.text();
        EXPECT_EQ(flushes + (to == On::kGpu ? 1 : 0), faults->flushes);
      }
    }
    // Short ones and the host's go on as ever beside them.
    const Status status = pair.carry(random_bytes(1000, 1));
    EXPECT_TRUE(status.ok()) << status.text();
  }
  EXPECT_EQ(0, faults->registrations);
  EXPECT_EQ(0, faults->dma_bufs);
}

INSTANTIATE_TEST_SUITE_P(All, CudaPluginVersions, ::testing::Range(nccl::kOldestVersion, nccl::kNewestVersion + 1),
                         [](const auto& version) { return "v" + std::to_string(version.param); });

// Hawser's own, which stages within.
TEST_F(CudaPlugin, OurOwnCarriesAGpusMemoryAtEveryVersion) {
  setenv("HAWSER_LANES", "=lo,lo", 1);
  for (int version = nccl::kOldestVersion; version <= nccl::kNewestVersion; ++version) {
    PluginPair pair(NCCL_NET_HAWSER, {.newest_version = version});
    ASSERT_TRUE(pair.failed.ok()) << version << ": " << pair.failed.text();
    for (const size_t bytes : {kLeastDeviceMessage, size_t{3'000'000}}) {
      const Status status = carry(pair, On::kGpu, On::kGpu, bytes);
      ASSERT_TRUE(status.ok()) << version << ", " << bytes << ": " << status.text();
    }
  }
  unsetenv("HAWSER_LANES");
}

TEST_F(CudaPlugin, ManyReceivesAreFlushedInTheirOrder) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  constexpr size_t kMessages = 40;
  std::deque<Buffer> sources;
  std::deque<Buffer> targets;
  std::deque<Request*> sends;
  std::deque<Request*> receives;
  for (uint32_t i = 0; i < kMessages; ++i) {
    sources.emplace_back(On::kHost, kLong + i);
    sources.back().write(random_bytes(kLong + i, i));
    targets.emplace_back(i % 3 == 0 ? On::kHost : On::kGpu, kLong + i);
    ASSERT_TRUE(targets.back().enroll(*pair.right).ok());
    receives.push_back(nullptr);
    ASSERT_TRUE(pair.right->irecv(targets[i].data(), kLong + i, targets[i].memory, &receives.back()).ok());
    sends.push_back(must_send(*pair.left, sources[i].data(), kLong + i));
  }
  size_t bytes = 0;
  const Status status = pair.drive([&] {
    while (!sends.empty() && pair.left->test(sends.front(), &bytes)) sends.pop_front();
    while (!receives.empty() && pair.right->test(receives.front(), &bytes)) receives.pop_front();
    return sends.empty() && receives.empty();
  });
  ASSERT_TRUE(status.ok()) << status.text();
  for (size_t i = 0; i < kMessages; ++i) EXPECT_TRUE(sources[i].read() == targets[i].read()) << i;
  EXPECT_LE(faults->most_in_flight, nccl::kMaxRequestsV6);
}

TEST_F(CudaPlugin, AFlushWithoutARequestIsNotWaitedFor) {
  faults->needs_flush = false;
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  const Status status = carry(pair, On::kGpu, On::kGpu, kLong);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(1, faults->flushes);
}

TEST_F(CudaPlugin, DmaBufsAreRegisteredWhereThePluginTakesThem) {
  faults->pointer_kinds = nccl::kPointerHost | nccl::kPointerCuda | nccl::kPointerDmaBuf;
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Status status = carry(pair, On::kGpu, On::kGpu, kLong);
  ASSERT_TRUE(status.ok()) << status.text();
  const int buffers = faults->dma_bufs;
  if (buffers == 0) GTEST_SKIP() << "GPU 0 exports no DMA-BUF";
  EXPECT_EQ(4, buffers);  // two memories with two directions
  faults->refuses_dma_buf = true;
  status = carry(pair, On::kGpu, On::kGpu, kLong);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(buffers, faults->dma_bufs);
  EXPECT_EQ(8, faults->gpu_memories);
}

TEST_F(CudaPlugin, WhatThePluginCannotReachIsLeftToStaging) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Buffer buffer(On::kGpu, kLong);
  for (const int left : {0, 1}) {  // the sending direction's registration, the receiving one's
    faults->gpu_memories_left = left;
    const Status status = buffer.enroll(*pair.left);
    EXPECT_EQ(HAWSER_UNSUPPORTED, status.code());
    EXPECT_THAT(status.text(), HasSubstr("regMr failed"));
    EXPECT_EQ(nullptr, buffer.memory);
  }
  const int registrations = faults->registrations;
  faults->gpu_memories_left = -1;
  ASSERT_TRUE(buffer.enroll(*pair.left).ok());
  EXPECT_EQ(registrations + 2, faults->registrations) << "a refused registration left something behind";
}

TEST_F(CudaPlugin, AFlushThatFailsBreaksTheLane) {
  for (const auto& [left, text] : {std::pair(&faults->flushes_left, "iflush failed: ncclSystemError (2)"),
                                   std::pair(&faults->flush_tests_left, "test of a flush failed")}) {
    PluginPair pair(TEST_PLUGIN);
    ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
    *left = 0;
    const Status status = carry(pair, On::kGpu, On::kGpu, kLong);
    EXPECT_EQ(HAWSER_LANE_LOST, status.code());
    EXPECT_THAT(status.text(), HasSubstr(text));
  }
}

TEST_F(CudaPlugin, AFlushThatNeverIsDoneIsNoArrivalAndLosesTheLaneInTime) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  faults->flush_frozen = true;
  Buffer source(On::kHost, kLong);
  Buffer target(On::kGpu, kLong);
  ASSERT_TRUE(target.enroll(*pair.right).ok());
  Request* receive = nullptr;
  ASSERT_TRUE(pair.right->irecv(target.data(), kLong, target.memory, &receive).ok());
  must_send(*pair.left, source.data(), kLong);
  Status alive;
  size_t bytes = 0;
  ASSERT_TRUE(until([&] {
    EXPECT_TRUE(pair.round().ok());
    EXPECT_FALSE(pair.right->test(receive, &bytes));
    alive = pair.right->check_alive(5 * kMillisecond);
    return !alive.ok();
  }));
  EXPECT_EQ(1, faults->flushes);
  EXPECT_EQ(HAWSER_LANE_LOST, alive.code());
  EXPECT_EQ(ETIMEDOUT, alive.sys_errno());
}

TEST_F(CudaPlugin, ADetachedSendIsCopiedFromTheGpu) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  const auto data = random_bytes(kLong, 4);
  Buffer source(On::kGpu, kLong);
  source.write(data);
  ASSERT_TRUE(source.enroll(*pair.left).ok());
  Request* send = nullptr;
  ASSERT_TRUE(pair.left->isend(source.data(), kLong, source.memory, &send).ok());
  pair.left->detach(send);
  source.free();
  std::vector<unsigned char> copy(kLong);
  Request* receive = must_receive(*pair.right, copy.data(), copy.size());
  size_t bytes = 0;
  const Status status = pair.drive([&] { return pair.right->test(receive, &bytes); });
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(data == copy);
}

TEST_F(CudaPlugin, ADetachedReceiveIntoAGpuDropsItsMessage) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Buffer target(On::kGpu, kLong);
  ASSERT_TRUE(target.enroll(*pair.right).ok());
  Request* receive = nullptr;
  ASSERT_TRUE(pair.right->irecv(target.data(), kLong, target.memory, &receive).ok());
  pair.right->detach(receive);
  target.free();
  const auto data = random_bytes(kLong, 4);
  must_send(*pair.left, data.data(), kLong);
  size_t bytes = 0;
  const Status status = pair.drive([&] { return pair.right->test(receive, &bytes); });
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(0, faults->flushes);
}

TEST_F(CudaPlugin, ShortMessagesAreNotForAGpusMemory) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Buffer buffer(On::kGpu, kLong);
  ASSERT_TRUE(buffer.enroll(*pair.left).ok());
  Request* request = nullptr;
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, pair.left->isend(buffer.data(), 1000, buffer.memory, &request).code());
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, pair.left->irecv(buffer.data(), 1000, buffer.memory, &request).code());
  // One that comes for a longer receive is not copied there by the host.
  ASSERT_TRUE(pair.left->irecv(buffer.data(), kLong, buffer.memory, &request).ok());
  const auto data = random_bytes(1000, 4);
  must_send(*pair.right, data.data(), data.size());
  const Status status = pair.drive([] { return false; });
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
  EXPECT_THAT(status.text(), HasSubstr("not apart"));
}

}  // namespace
}  // namespace hawser
