// What a kernel does with a port channel, compiled for the host, against the proxy that serves it: the protocol of
// cuda/port_channel.cuh, without a GPU.
#include "port/kernel_fifo.h"

#include <atomic>
#include <thread>

#include "../cuda/bidir_put.cuh"
#include "port/tests/host_kernel.h"
#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::HostKernelFifo;
using testing::HostPortChannel;
using testing::Pair;
using testing::Side;

constexpr uint32_t kMemory = HAWSER_PORT_MEMORY;
constexpr uint64_t kBytes = 1 << 20;
constexpr uint64_t kTimeout = 30'000'000'000;
constexpr uint64_t kShort = 20'000'000;

struct KernelChannels : public ::testing::Test {
  void SetUp() override {
    pair.connect(kMemory);
    pair.add_semaphores();
    at_a = pair.a.make_memory(kBytes, kMemory);
    at_b = pair.b.make_memory(kBytes, kMemory);
    for (Side* side : {&pair.a, &pair.b}) {
      side->proxy = std::make_unique<ProxyService>(side->context);
      ASSERT_TRUE(side->proxy->open(0).ok());
    }
    host_a = &pair.a.channel(pair.a.semaphores[0].get(), pair.a.import(*at_b), at_a);
    host_b = &pair.b.channel(pair.b.semaphores[0].get(), pair.b.import(*at_a), at_b);
  }
  void start() {
    ASSERT_TRUE(pair.a.proxy->start().ok());
    ASSERT_TRUE(pair.b.proxy->start().ok());
  }
  static HostPortChannel attach(PortChannel& channel, uint32_t capacity) {
    return HostPortChannel(HostKernelFifo::attach(channel, capacity));
  }
  unsigned char* data(Side& side) { return side.buffers[0]->data(); }

  Pair pair;
  std::shared_ptr<Memory> at_a;
  std::shared_ptr<Memory> at_b;
  PortChannel* host_a = nullptr;
  PortChannel* host_b = nullptr;
};

TEST_F(KernelChannels, BothSidesPutSignalAndWait) {
  start();
  std::memset(data(pair.a), 1, kBytes);
  std::memset(data(pair.b), 2, kBytes);
  const HostPortChannel a = attach(*host_a, 8);
  const HostPortChannel b = attach(*host_b, 8);
  int32_t code_b = HAWSER_INTERNAL;
  std::thread other([&] { code_b = bidir_put(b, 1, kBytes / 2, 50, kTimeout); });
  const int32_t code_a = bidir_put(a, 0, kBytes / 2, 50, kTimeout);
  other.join();
  EXPECT_EQ(code_a, HAWSER_OK);
  EXPECT_EQ(code_b, HAWSER_OK);
  for (Side* side : {&pair.a, &pair.b}) {
    EXPECT_EQ(data(*side)[0], 1);
    EXPECT_EQ(data(*side)[kBytes / 2 - 1], 1);
    EXPECT_EQ(data(*side)[kBytes / 2], 2);
    EXPECT_EQ(data(*side)[kBytes - 1], 2);
  }
}

// Threads of a kernel share one small FIFO: every trigger arrives once and whole, and each thread's own in order.
TEST_F(KernelChannels, ManyThreadsPushThroughAFullFifo) {
  constexpr uint64_t kThreads = 8;
  constexpr uint64_t kPuts = 2000;
  start();
  const HostPortChannel a = attach(*host_a, 4);
  auto* source = reinterpret_cast<uint64_t*>(data(pair.a));
  for (uint64_t i = 0; i < kThreads * kPuts; ++i) source[i] = i + 1;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t i = 0; i < kPuts; ++i) {
        const uint64_t offset = (thread * kPuts + i) * sizeof(uint64_t);
        if (a.putWithSignal(offset, offset, sizeof(uint64_t), kTimeout) != HAWSER_OK) ++failures;
      }
      if (a.flush(kTimeout) != HAWSER_OK) ++failures;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(std::memcmp(source, data(pair.b), kThreads * kPuts * sizeof(uint64_t)), 0);
  EXPECT_EQ(load_word(pair.b.semaphores[0]->word()), kThreads * kPuts);
}

TEST_F(KernelChannels, PollTakesASignalOnce) {
  start();
  const HostPortChannel a = attach(*host_a, 8);
  const HostPortChannel b = attach(*host_b, 8);
  EXPECT_FALSE(b.poll());
  ASSERT_EQ(a.signal(kTimeout), HAWSER_OK);
  ASSERT_EQ(a.flush(kTimeout), HAWSER_OK);
  EXPECT_TRUE(b.poll());
  EXPECT_FALSE(b.poll());
  ASSERT_EQ(a.putWithSignalAndFlush(0, 0, 64, kTimeout), HAWSER_OK);
  EXPECT_EQ(b.wait(kTimeout), HAWSER_OK);
}

TEST_F(KernelChannels, WaitsEndAtTheirTimeout) {
  const HostPortChannel a = attach(*host_a, 4);
  EXPECT_EQ(a.wait(kShort), HAWSER_TIMEOUT);
  EXPECT_EQ(a.flush(kShort), HAWSER_TIMEOUT);  // no proxy runs
  for (int i = 0; i < 3; ++i) EXPECT_EQ(a.signal(kShort), HAWSER_OK);
  EXPECT_EQ(a.signal(kShort), HAWSER_TIMEOUT);  // full: four wait
  start();
  // What was refused left no hole: the rest is served.
  EXPECT_EQ(a.signal(kTimeout), HAWSER_OK);
  EXPECT_EQ(a.flush(kTimeout), HAWSER_OK);
  EXPECT_EQ(load_word(pair.b.semaphores[0]->word()), 4u);
}

TEST_F(KernelChannels, TheEndOfTheConnectionEndsWaits) {
  start();
  const HostPortChannel a = attach(*host_a, 8);
  int32_t code = HAWSER_OK;
  std::thread waiter([&] { code = a.wait(kTimeout); });
  pair.b.connections[0]->close();
  waiter.join();
  EXPECT_EQ(code, HAWSER_LINK_FAILED);
  EXPECT_FALSE(host_a->error().ok());
}

TEST_F(KernelChannels, APutOutOfBoundsEndsTheConnection) {
  start();
  const HostPortChannel a = attach(*host_a, 8);
  ASSERT_EQ(a.put(kBytes, 0, 1, kTimeout), HAWSER_OK);
  EXPECT_EQ(a.flush(kTimeout), HAWSER_LINK_FAILED);
  EXPECT_THAT(host_a->error().text(), ::testing::HasSubstr("out of bounds"));
}

// Stopping serves what is there; what comes later is dropped by a second stop, and said.
TEST_F(KernelChannels, StoppingServesWhatWasPushed) {
  start();
  const HostPortChannel a = attach(*host_a, 8);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(a.signal(kTimeout), HAWSER_OK);
  EXPECT_TRUE(pair.a.proxy->stop(testing::soon()).ok());
  EXPECT_EQ(load_word(pair.b.semaphores[0]->word()), 5u);
}

TEST_F(KernelChannels, AChannelIsAttachedOnce) {
  const hawser_port_device_channel first = HostKernelFifo::attach(*host_a, 8);
  const hawser_port_device_channel second = HostKernelFifo::attach(*host_a, 8);
  EXPECT_EQ(first.awaited, second.awaited);
  EXPECT_EQ(first.news, second.news);
}

}  // namespace
}  // namespace hawser::port
