// Memory of GPUs in the lanes: on the machine's GPUs, or on a fake driver whose memory the host cannot touch and whose
// copies come late.
#include <algorithm>

#include "lane/tests/cuda_places.h"
#include "lane/tests/faulty_pair.h"

namespace hawser::testing {
namespace {

using cuda::Gpu;
using ::testing::HasSubstr;

using OverLoopback = Transfer<Pair>;
using OverFaults = Transfer<FaultyPair>;

constexpr size_t kChunk = 512 * 1024;

// On all lanes: which of them gets how many is the policy's choice.
uint64_t written_chunks(Link& link) {
  uint64_t sum = 0;
  for (uint32_t lane = 0; lane < link.shared()->lanes; ++lane) sum += link.shared()->lane[lane].written_chunks;
  return sum;
}

class CudaStaging : public OnGpus {};

hawser_config quick_config(hawser_lane_loss policy = HAWSER_FAILOVER) {
  hawser_config config = test_config();
  config.lane_loss = policy;
  config.link_timeout_ns = 700 * kMillisecond;
  config.silence_ns = 150 * kMillisecond;
  return config;
}

class CudaStagingSizes : public CudaStaging, public ::testing::WithParamInterface<size_t> {};

TEST_P(CudaStagingSizes, ArriveFromAndInEitherMemory) {
  Pair pair;
  for (const auto& [from, to] : {std::pair(0, 0), std::pair(0, -1), std::pair(-1, 0), std::pair(0, gpus() - 1)}) {
    OverLoopback transfer(pair, from, to, GetParam());
    transfer.start();
    transfer.expect_arrival();
  }
}

INSTANTIATE_TEST_SUITE_P(All, CudaStagingSizes,
                         ::testing::Values(0, 1, 7, 8192, 33791, 33792, 33793, 65535, 65536, 65537, kChunk - 1, kChunk,
                                           kChunk + 1, 10 * kChunk + 3, 32u << 20));

TEST_F(CudaStaging, MessagesThatCameBeforeTheirReceiveAreCopiedAsWell) {
  Pair pair;
  for (const size_t bytes : {size_t{1}, size_t{8000}, size_t{50'000}, 3 * kChunk}) {
    for (const int from : {-1, 0}) {
      OverLoopback transfer(pair, from, 0, bytes);
      transfer.post_send();
      pair.drive_until([] { return false; }, 20 * kMillisecond);
      transfer.post_receive();
      transfer.expect_arrival();
    }
  }
}

TEST_F(CudaStaging, ManyMessagesOfAllKindsKeepTheirOrder) {
  Pair pair;
  std::mt19937 random(5);
  std::vector<std::unique_ptr<OverLoopback>> transfers;
  for (size_t i = 0; i < 150; ++i) {
    const size_t kind = random() % 4;
    const size_t bytes = kind == 0 ? random() % 100 : kind == 1 ? 20'000 + random() % 40'000 : random() % 900'000;
    const int from = static_cast<int>(random() % 2) - 1;
    const int to = static_cast<int>(random() % 2) - 1;
    transfers.push_back(std::make_unique<OverLoopback>(pair, from, to, bytes, i % 3));
  }
  for (size_t i = 0; i < transfers.size(); ++i) {
    transfers[i]->post_send();
    if (i % 2 == 0) pair.a.driver->drive(0, 0);
    if (i % 5 == 0) pair.b.driver->drive(0, 0);
    transfers[i]->post_receive();
  }
  ASSERT_TRUE(pair.drive_until(
      [&] { return std::all_of(transfers.begin(), transfers.end(), [](const auto& one) { return one->over(); }); }));
  for (auto& transfer : transfers) transfer->check();
}

TEST_F(CudaStaging, APeerMayCutLargerChunks) {
  hawser_config large = test_config();
  large.chunk_bytes = 2 << 20;
  hawser_config small = test_config();
  small.chunk_bytes = 64 << 10;
  for (const auto& [first, second] : {std::pair(large, small), std::pair(small, large)}) {
    Pair pair(first, second);
    for (const size_t bytes : {size_t{20'000}, size_t{60'000}, size_t{9'000'001}}) {
      OverLoopback transfer(pair, 0, 0, bytes);
      transfer.start();
      transfer.expect_arrival();
    }
  }
}

TEST_F(CudaStaging, WithoutEagerMessagesTheSmallestIsAskedForToo) {
  hawser_config config = test_config();
  config.eager_bytes = 1;
  Pair pair(config);
  OverLoopback transfer(pair, 0, 0, 100);
  transfer.start();
  transfer.expect_arrival();
}

TEST_F(CudaStaging, ALostLaneLosesNothing) {
  for (uint32_t lane = 0; lane < 4; ++lane) {
    FaultyPair pair(quick_config());
    OverFaults transfer(pair, 0, 0, 24 * kChunk);
    transfer.start();
    ASSERT_TRUE(pair.drive_until([&] { return pair.a.link->shared()->lane[lane].acked_chunks > 0; }));
    pair.wire.lane(lane).resets = 1;
    transfer.expect_arrival();
    EXPECT_EQ(1, pair.a.count(HAWSER_EVENT_LANE_LOST));
    ASSERT_TRUE(pair.drive_until([&] { return pair.living() == 4; }, 2 * kSecond));
    OverFaults again(pair, 0, 0, 24 * kChunk);
    again.start();
    again.expect_arrival();
  }
}

TEST_F(CudaStaging, LanesThatAreLostAgainAndAgainLoseNothing) {
  FaultyPair pair(quick_config());
  std::mt19937 random(11);
  for (int i = 0; i < 12; ++i) {
    OverFaults transfer(pair, i % 3 == 0 ? -1 : 0, i % 3 == 1 ? -1 : 0, 24 * kChunk + 5);
    transfer.start();
    for (int losses = 0; losses < 3; ++losses) {
      pair.drive_until([&] { return transfer.over(); }, static_cast<Nanos>(random() % 3'000'000));
      pair.wire.lane(random() % 4).resets = 1;
    }
    transfer.expect_arrival();
  }
}

TEST_F(CudaStaging, WrongBitsAreSentAgain) {
  FaultyPair pair(quick_config());
  for (size_t lane = 0; lane < 4; ++lane) corrupt_payloads(pair.wire.lane(lane), 3);
  OverFaults transfer(pair, 0, 0, 24 * kChunk);
  transfer.start();
  transfer.expect_arrival();
  uint64_t errors = 0;
  for (uint32_t lane = 0; lane < 4; ++lane) errors += pair.b.link->shared()->lane[lane].checksum_errors;
  EXPECT_GE(errors, 3u);
  EXPECT_EQ(0, pair.a.count(HAWSER_EVENT_LANE_LOST));
}

TEST_F(CudaStaging, ACancelledReceiveEndsWhenNoCopyTouchesItsMemory) {
  for (const uint64_t chunks : {0, 1, 7}) {
    Pair pair;
    OverLoopback transfer(pair, 0, 0, 32 * kChunk);
    transfer.start();
    ASSERT_TRUE(pair.drive_until([&] { return written_chunks(*pair.a.link) > chunks; }));
    pair.b.driver->cancel(pair.b.id, transfer.receive);
    ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(transfer.receive) != nullptr; }));
    EXPECT_EQ(HAWSER_CANCELLED, pair.b.completion(transfer.receive)->code);
    transfer.target.free();  // the fake driver tells if a copy still writes there
    ASSERT_TRUE(pair.drive_until([&] { return transfer.over(); }));
    OverLoopback next(pair, 0, 0, 3 * kChunk);
    next.start();
    next.expect_arrival();
  }
}

TEST_F(CudaStaging, ACancelledSendEndsWhenNoCopyTouchesItsMemory) {
  for (const size_t bytes : {size_t{3000}, size_t{40'000}, 32 * kChunk}) {
    for (int rounds = 1; rounds < 5; ++rounds) {
      Pair pair;
      OverLoopback transfer(pair, 0, 0, bytes);
      transfer.start();
      for (int i = 0; i < rounds; ++i) pair.a.driver->drive(0, 0);
      pair.a.driver->cancel(pair.a.id, transfer.send);
      ASSERT_TRUE(pair.a.drive_until([&] { return pair.a.completion(transfer.send) != nullptr; }));
      EXPECT_EQ(HAWSER_CANCELLED, pair.a.completion(transfer.send)->code);
      transfer.source.free();
      OverLoopback next(pair, 0, 0, 3 * kChunk, 2);
      next.start();
      next.expect_arrival();
    }
  }
}

TEST_F(CudaStaging, AClosedLinkTouchesNoMemory) {
  for (const bool sender : {true, false}) {
    Pair pair;
    OverLoopback transfer(pair, 0, 0, 32 * kChunk);
    OverLoopback small(pair, -1, 0, 5000, 2);
    transfer.start();
    small.start();
    ASSERT_TRUE(pair.drive_until([&] { return written_chunks(*pair.a.link) > 2; }));
    Party& closing = sender ? pair.a : pair.b;
    Party& other = sender ? pair.b : pair.a;
    closing.link->close();
    (sender ? transfer.source : transfer.target).free();
    closing.engine.detach(closing.link.get());
    closing.drive_until([] { return false; }, kMillisecond);
    const uint64_t mine = sender ? transfer.send : transfer.receive;
    const uint64_t theirs = sender ? transfer.receive : transfer.send;
    ASSERT_NE(nullptr, closing.completion(mine)) << "the end was told before close() returned";
    EXPECT_EQ(HAWSER_CLOSED, closing.completion(mine)->code);
    ASSERT_TRUE(other.drive_until([&] { return other.completion(theirs) != nullptr; }));
    EXPECT_EQ(HAWSER_CLOSED, other.completion(theirs)->code);
  }
}

TEST_F(CudaStaging, WhatHasArrivedWhenThePeerClosesIsDelivered) {
  for (int repeat = 0; repeat < 10; ++repeat) {
    Pair pair;
    OverLoopback transfer(pair, 0, 0, 8 * kChunk);
    transfer.start();
    std::thread receiver([&] {
      EXPECT_EQ(HAWSER_OK, pair.b.await(transfer.receive));
      pair.b.link->close();
    });
    EXPECT_EQ(HAWSER_OK, pair.a.await(transfer.send)) << "repeat " << repeat;
    receiver.join();
    transfer.check();
  }
}

TEST_F(CudaStaging, ADeadLinkEndsWhatCopiesAreUnderWayFor) {
  FaultyPair pair(quick_config(HAWSER_FAIL_FAST));
  OverFaults transfer(pair, 0, 0, 64 * kChunk);
  transfer.start();
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.link->shared()->lane[1].acked_chunks > 0; }));
  pair.wire.lane(1).resets = 1;
  ASSERT_TRUE(pair.drive_until([&] { return transfer.over(); }));
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.a.completion(transfer.send)->code);
  EXPECT_NE(HAWSER_OK, pair.b.completion(transfer.receive)->code);
  transfer.source.free();
  transfer.target.free();
  pair.drive_until([] { return false; }, 10 * kMillisecond);
}

TEST_F(CudaStaging, ADriverThatSleepsIsBackInTimeForItsCopies) {
  Pair pair;
  OverLoopback there(pair, 0, 0, 4 * kChunk);
  const Nanos began = now();
  std::thread receiver([&] {
    for (int i = 0; i < 20; ++i) {
      there.post_receive();
      EXPECT_EQ(HAWSER_OK, pair.b.await(there.receive));
    }
  });
  for (int i = 0; i < 20; ++i) {
    there.post_send();
    EXPECT_EQ(HAWSER_OK, pair.a.await(there.send));
  }
  receiver.join();
  // Copies of 200 us. Each one that was waited for until the driver's next word of its own would take 10 ms.
  EXPECT_LT(now() - began, 20 * 4 * 10 * kMillisecond);
}

TEST_F(CudaStaging, AFailingCopyFailsItsOperationsAndSaysWhy) {
  if (!gpus_are_fake()) GTEST_SKIP() << "only the fake driver's copies fail on call";
  for (const auto& [from, to, bytes] : {std::tuple(0, -1, 3 * kChunk), std::tuple(-1, 0, 3 * kChunk),
                                        std::tuple(0, -1, size_t{100}), std::tuple(-1, 0, size_t{100})}) {
    Pair pair;
    OverLoopback transfer(pair, from, to, bytes);
    Party& copying = from == 0 ? pair.a : pair.b;
    {
      const Fake failing("FAKE_CUDA_FAIL", "1");
      transfer.start();
      const uint64_t& op = from == 0 ? transfer.send : transfer.receive;
      ASSERT_TRUE(pair.drive_until([&] { return copying.completion(op) != nullptr; }));
      EXPECT_EQ(HAWSER_IO, copying.completion(op)->code);
    }
    EXPECT_THAT(copying.link->error().text(), HasSubstr("GPU 0"));
    OverLoopback next(pair, 0, 0, 3 * kChunk, 2);
    next.start();
    next.expect_arrival();
  }
}

TEST_F(CudaStaging, RefusesWhatIsNoMemoryOfAGpu) {
  Pair pair;
  char here[64] = {};
  uint64_t memory = 0;
  Status status = pair.a.link->register_memory(here, sizeof(here), HAWSER_MEMORY_DEVICE, &memory);
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, status.code());
  EXPECT_THAT(status.text(), HasSubstr("no memory of a GPU"));
  Gpu* gpu = nullptr;
  void* address = nullptr;
  ASSERT_TRUE(Gpu::get(0, &gpu).ok());
  ASSERT_TRUE(gpu->allocate(4096, &address).ok());
  status = pair.a.link->register_memory(address, 64 << 20, HAWSER_MEMORY_DEVICE, &memory);
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, status.code());
  EXPECT_THAT(status.text(), HasSubstr("4096"));
  ASSERT_TRUE(pair.a.link->register_memory(address, 4096, HAWSER_MEMORY_DEVICE, &memory).ok());
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, pair.a.await(pair.a.driver->send(pair.a.id, 1, address, 4097, memory)));
  gpu->free(address);
}

}  // namespace
}  // namespace hawser::testing
