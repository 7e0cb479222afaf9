// The transport Memory, and what all transports share: order, bounds, ends.
#include <random>
#include <thread>

#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using ::testing::HasSubstr;
using testing::kPatience;
using testing::Pair;
using testing::soon;

constexpr uint32_t kMemory = HAWSER_PORT_MEMORY;
constexpr uint64_t kBytes = 1 << 20;
constexpr uint32_t kPutWithSignal = HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL;

struct Channels : public ::testing::Test, public testing::ChannelPair {
  void SetUp() override { open(testing::endpoint_config(kMemory), kBytes); }
};

TEST_F(Channels, PutsAreThereWhenTheirSignalIs) {
  std::memset(source_data(), 7, kBytes);
  ASSERT_EQ(post(kPutWithSignal, kBytes), HAWSER_OK);
  ASSERT_TRUE(to_a->wait(soon(), 0).ok());
  EXPECT_EQ(std::memcmp(source_data(), target_data(), kBytes), 0);
}

// A generation of bytes follows the other; whoever sees signal n must see nothing older than generation n.
TEST_F(Channels, NoSignalIsSeenBeforeItsBytes) {
  constexpr int kRounds = 3000;
  std::mt19937 random(1);
  std::thread sender([&] {
    for (int round = 1; round <= kRounds; ++round) {
      const uint64_t bytes = 1 + random() % (round % 8 == 0 ? kBytes : 4096);
      std::memset(source_data(), round % 251, bytes);
      ASSERT_EQ(post(kPutWithSignal, bytes), HAWSER_OK);
      // The answer carries how many bytes were looked at.
      ASSERT_TRUE(to_b->wait(soon(), kUsualSpin).ok());
    }
  });
  std::mt19937 same(1);
  for (int round = 1; round <= kRounds; ++round) {
    const uint64_t bytes = 1 + same() % (round % 8 == 0 ? kBytes : 4096);
    ASSERT_TRUE(to_a->wait(soon(), kUsualSpin).ok());
    for (uint64_t i : {uint64_t{0}, bytes / 2, bytes - 1}) ASSERT_EQ(target_data()[i], round % 251) << round;
    ASSERT_EQ(to_a->post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, nullptr), HAWSER_OK);
  }
  sender.join();
}

TEST_F(Channels, SignalsAreCountedAndPolled) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(post(HAWSER_TRIGGER_SIGNAL, 0), HAWSER_OK);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(to_a->wait(soon(), 0).ok());
  EXPECT_FALSE(to_a->poll());
  ASSERT_EQ(post(HAWSER_TRIGGER_SIGNAL, 0), HAWSER_OK);
  const Nanos deadline = soon();
  while (!to_a->poll()) ASSERT_LT(now(), deadline);
}

TEST_F(Channels, AFlushWaitsForWhatWasPutBefore) {
  std::memset(source_data(), 9, kBytes);
  uint64_t position = 0;
  ASSERT_EQ(post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_FLUSH, kBytes, &position), HAWSER_OK);
  ASSERT_TRUE(to_b->flushed(position, soon(), kUsualSpin).ok());
  EXPECT_EQ(target_data()[kBytes - 1], 9);
  // And so does one that its caller serves itself.
  std::memset(source_data(), 10, 8);
  ASSERT_EQ(post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_FLUSH, 8, &position), HAWSER_OK);
  ASSERT_TRUE(to_b->flushed(position, soon(), kUsualSpin).ok());
  EXPECT_EQ(target_data()[7], 10);
}

TEST_F(Channels, APutOutOfBoundsNamesBothMemories) {
  ASSERT_EQ(post(HAWSER_TRIGGER_PUT, 2, nullptr, kBytes - 1), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(to_b->error().text(), HasSubstr(source->name()));
  EXPECT_THAT(to_b->error().text(), HasSubstr(target->name()));
  // Nothing wraps around.
  ASSERT_EQ(to_b->post(HAWSER_TRIGGER_PUT, UINT64_MAX, 0, 1, nullptr), HAWSER_INVALID_ARGUMENT);
  ASSERT_EQ(to_b->post(HAWSER_TRIGGER_PUT, 0, 1, UINT64_MAX, nullptr), HAWSER_INVALID_ARGUMENT);
  // It did no harm.
  EXPECT_EQ(post(kPutWithSignal, 8), HAWSER_OK);
}

TEST_F(Channels, APutToMemoryThatThePeerFreedFails) {
  target->free();
  post(HAWSER_TRIGGER_PUT, 8);
  const Nanos deadline = soon();
  while (pair.a.connections[0]->open()) ASSERT_LT(now(), deadline);
  EXPECT_THAT(to_b->error().text(), HasSubstr(source->name()));
  EXPECT_THAT(to_b->error().text(), HasSubstr(target->name() + " was freed"));
}

TEST_F(Channels, AWaiterEndsWithItsDeadline) {
  const Nanos begin = now();
  const Status status = to_a->wait(begin + 20 * kMillisecond, 0);
  EXPECT_EQ(status.code(), HAWSER_TIMEOUT);
  EXPECT_GE(now() - begin, 20 * kMillisecond);
  EXPECT_EQ(status.rank(), 0);
}

TEST_F(Channels, APeerThatClosesWakesWhoWaits) {
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pair.a.connections[0]->close();
  });
  const Status status = to_a->wait(soon(), 0);
  closer.join();
  EXPECT_EQ(status.code(), HAWSER_CLOSED);
  EXPECT_THAT(status.text(), HasSubstr("rank 0"));
}

TEST_F(Channels, ManyThreadsShareOneProxy) {
  constexpr int kThreads = 4;
  constexpr int kPuts = 2000;
  std::vector<PortChannel*> channels;
  for (int t = 0; t < kThreads; ++t) {
    pair.add_semaphores();
    channels.push_back(&pair.a.channel(pair.a.semaphores.back().get(), pair.a.import(*target), source));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPuts; ++i) {
        // A place of its own for each: what was put before may still wait to be copied.
        const auto from = static_cast<uint64_t>(t * kPuts + i) * 8;
        std::memcpy(source_data() + from, &i, sizeof(i));
        const Nanos deadline = soon();
        while (channels[static_cast<size_t>(t)]->post(kPutWithSignal, static_cast<uint64_t>(t) * 8, from, 8, nullptr) !=
               HAWSER_OK) {
          ASSERT_LT(now(), deadline);
        }
      }
    });
  }
  for (int t = 0; t < kThreads; ++t) {
    ASSERT_TRUE(pair.b.semaphores[static_cast<size_t>(t) + 1]->wait(kPuts, soon(), kUsualSpin).ok());
  }
  for (auto& thread : threads) thread.join();
  // Counted just after the peer can see it.
  const Nanos deadline = soon();
  while (load_acquire(pair.a.connections[0]->shared()->signals) != uint64_t{kThreads * kPuts}) {
    ASSERT_LT(now(), deadline);
  }
  for (uint64_t t = 0; t < kThreads; ++t) {
    int last = 0;
    std::memcpy(&last, target_data() + t * 8, sizeof(last));
    EXPECT_EQ(last, kPuts - 1);
  }
}

TEST(PortProxy, AFullFifoIsBackPressure) {
  Pair pair;
  pair.connect(kMemory);
  pair.add_semaphores();
  auto source = pair.a.make_memory(kBytes, kMemory);
  auto target = pair.b.make_memory(kBytes, kMemory);
  pair.a.proxy = std::make_unique<ProxyService>(pair.a.context);
  ASSERT_TRUE(pair.a.proxy->open(4).ok());
  PortChannel& channel = pair.a.channel(pair.a.semaphores[0].get(), pair.a.import(*target), source);
  // Too long for the caller to copy, and the proxy does not run yet.
  for (int i = 0; i < 4; ++i) ASSERT_EQ(channel.post(kPutWithSignal, 0, 0, kBytes, nullptr), HAWSER_OK);
  ASSERT_EQ(channel.post(kPutWithSignal, 0, 0, kBytes, nullptr), HAWSER_TIMEOUT);
  // Short ones do not overtake them.
  ASSERT_EQ(channel.post(kPutWithSignal, 0, 0, 8, nullptr), HAWSER_TIMEOUT);
  ASSERT_TRUE(pair.a.proxy->start().ok());
  ASSERT_TRUE(pair.b.semaphores[0]->wait(4, soon(), 0).ok());
  ASSERT_EQ(channel.post(kPutWithSignal, 0, 0, 8, nullptr), HAWSER_OK);
  EXPECT_TRUE(pair.b.semaphores[0]->wait(5, soon(), 0).ok());
}

TEST(PortProxy, StoppingServesWhatIsQueued) {
  Pair pair;
  pair.connect(kMemory);
  pair.add_semaphores();
  auto source = pair.a.make_memory(kBytes, kMemory);
  auto target = pair.b.make_memory(kBytes, kMemory);
  pair.a.proxy = std::make_unique<ProxyService>(pair.a.context);
  ASSERT_TRUE(pair.a.proxy->open(64).ok());
  PortChannel& channel = pair.a.channel(pair.a.semaphores[0].get(), pair.a.import(*target), source);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(channel.post(kPutWithSignal, 0, 0, kBytes, nullptr), HAWSER_OK);
  ASSERT_TRUE(pair.a.proxy->start().ok());
  ASSERT_TRUE(pair.a.proxy->stop(soon()).ok());
  EXPECT_EQ(load_word(pair.b.semaphores[0]->word()), 50u);
  // It can be started again.
  ASSERT_TRUE(pair.a.proxy->start().ok());
  ASSERT_EQ(channel.post(kPutWithSignal, 0, 0, kBytes, nullptr), HAWSER_OK);
  EXPECT_TRUE(pair.b.semaphores[0]->wait(51, soon(), 0).ok());
}

TEST(PortConnections, BothSidesLearnOfAPeerThatDoesNotCome) {
  Pair pair;
  std::unique_ptr<Endpoint> mine;
  std::unique_ptr<Endpoint> theirs;
  ASSERT_TRUE(Endpoint::open(pair.a.context, testing::endpoint_config(kMemory), &mine).ok());
  ASSERT_TRUE(Endpoint::open(pair.b.context, testing::endpoint_config(kMemory), &theirs).ok());
  std::shared_ptr<Connection> none;
  const Status status = mine->connect(testing::reader(theirs->told()), now() + 50 * kMillisecond, &none);
  EXPECT_EQ(status.code(), HAWSER_TIMEOUT);
  EXPECT_THAT(status.text(), HasSubstr("rank 1"));
}

TEST(PortConnections, BytesOfSomethingElseAreRefused) {
  Pair pair;
  std::unique_ptr<Endpoint> mine;
  ASSERT_TRUE(Endpoint::open(pair.a.context, testing::endpoint_config(kMemory), &mine).ok());
  std::shared_ptr<Connection> none;
  auto memory = pair.b.make_memory(64, kMemory);
  EXPECT_EQ(mine->connect(testing::reader(memory->told()), soon(), &none).code(), HAWSER_INVALID_ARGUMENT);
  std::vector<uint8_t> cut = memory->told();
  while (!cut.empty()) {
    cut.pop_back();
    std::shared_ptr<Memory> imported;
    EXPECT_EQ(Memory::import(pair.a.context, testing::reader(cut), soon(), &imported).code(), HAWSER_INVALID_ARGUMENT)
        << cut.size();
  }
}

TEST(PortMemory, MustBeSharedForTheTransportMemory) {
  Pair pair;
  std::vector<char> heap(64);
  std::shared_ptr<Memory> memory;
  const Status status =
      Memory::register_local(pair.a.context, heap.data(), heap.size(), HAWSER_MEMORY_HOST, 1u << kMemory, &memory);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), HasSubstr("shared memory"));
}

}  // namespace
}  // namespace hawser::port
