// The transport Tcp under contexts, connections, semaphores and channels.
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <random>
#include <thread>

#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::endpoint_config;
using ::testing::HasSubstr;
using testing::Pair;
using testing::reader;
using testing::soon;

constexpr uint32_t kTcp = HAWSER_PORT_TCP;
constexpr uint64_t kBytes = 16 << 20;

// One connection with a semaphore, and a memory on each side.
struct TcpTransportTest : public ::testing::Test {
  void SetUp() override {
    pair.connect(kTcp);
    pair.add_semaphores();
    source = pair.a.make_memory(kBytes, kTcp);
    target = pair.b.make_memory(kBytes, kTcp);
    at_b = pair.a.import(*target);
  }
  Connection& connection() { return *pair.a.connections[0]; }
  unsigned char* source_data() { return pair.a.buffers[0]->data(); }
  unsigned char* target_data() { return pair.b.buffers[0]->data(); }
  Work put(uint64_t bytes, uint64_t at = 0) { return Work::put(at_b.get(), at, source.get(), at, bytes); }
  Status submit(std::vector<Work> works, uint64_t* mark = nullptr) {
    const Nanos deadline = soon();
    Status status;
    do {
      status = connection().submit(works, mark);
    } while (status.code() == HAWSER_TIMEOUT && now() < deadline);
    return status;
  }
  void flush() {
    uint64_t mark = 0;
    ASSERT_TRUE(submit({Work::fence()}, &mark).ok());
    const Status status = connection().await_fence(mark, soon(), kUsualSpin);
    ASSERT_TRUE(status.ok()) << status.text();
  }

  Pair pair;
  std::shared_ptr<Memory> source;
  std::shared_ptr<Memory> target;
  std::shared_ptr<Memory> at_b;
};

TEST_F(TcpTransportTest, PutsOfAllSizesAreThereWhenTheirSignalIs) {
  Semaphore& from_a = *pair.b.semaphores[0];
  uint64_t signals = 0;
  for (const uint64_t bytes : {uint64_t{1}, uint64_t{8}, uint64_t{32768}, uint64_t{32769}, uint64_t{100'000}, kBytes}) {
    std::memset(source_data(), static_cast<int>(signals + 1), bytes);
    ASSERT_TRUE(submit({put(bytes), Work::signal(pair.a.semaphores[0].get())}).ok());
    const Status status = from_a.wait(++signals, soon(), kUsualSpin);
    ASSERT_TRUE(status.ok()) << status.text();
    EXPECT_EQ(0, std::memcmp(source_data(), target_data(), bytes)) << bytes;
    flush();
  }
}

TEST_F(TcpTransportTest, FarMoreThanThereIsRoomForArrivesInOrder) {
  constexpr uint64_t kPuts = 4000;
  Semaphore* signal = pair.a.semaphores[0].get();
  std::mt19937_64 random(5);
  std::memset(source_data(), 0, kBytes);
  for (uint64_t i = 0; i < kPuts; ++i) {
    const uint64_t at = random() % (kBytes / 2);
    const uint64_t bytes = i % 50 == 0 ? 1 + random() % (kBytes / 2) : 1 + random() % 200;
    ASSERT_TRUE(submit({put(bytes, at), Work::signal(signal)}).ok());
  }
  const Status status = pair.b.semaphores[0]->wait(kPuts, soon(), kUsualSpin);
  EXPECT_TRUE(status.ok()) << status.text();
  flush();
  EXPECT_EQ(kPuts, load_acquire(connection().shared()->puts));
}

TEST_F(TcpTransportTest, ManyChannelsShareAConnection) {
  constexpr size_t kChannels = 8;
  constexpr uint64_t kPuts = 300;
  for (size_t i = 1; i < kChannels; ++i) pair.add_semaphores();
  std::vector<std::thread> threads;
  for (size_t c = 0; c < kChannels; ++c) {
    threads.emplace_back([&, c] {
      const uint64_t mine = c * (kBytes / kChannels);
      for (uint64_t i = 1; i <= kPuts; ++i) {
        // A place of its own each: the source stays the connection's.
        std::memcpy(source_data() + mine + 8 * i, &i, sizeof(i));
        const Work work = Work::put(at_b.get(), mine, source.get(), mine + 8 * i, sizeof(i));
        ASSERT_TRUE(submit({work, Work::signal(pair.a.semaphores[c].get())}).ok());
      }
    });
  }
  for (size_t c = 0; c < kChannels; ++c) {
    ASSERT_TRUE(pair.b.semaphores[c]->wait(kPuts, soon(), kUsualSpin).ok());
    uint64_t last = 0;
    std::memcpy(&last, target_data() + c * (kBytes / kChannels), sizeof(last));
    EXPECT_EQ(kPuts, last);
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(TcpTransportTest, ConnectionsAreIndependent) {
  pair.connect(kTcp);
  pair.add_semaphores();
  std::memset(source_data(), 3, kBytes);
  ASSERT_TRUE(submit({put(kBytes), Work::signal(pair.a.semaphores[0].get())}).ok());
  const Status status =
      pair.a.connections[1]->submit({put(8, kBytes - 8), Work::signal(pair.a.semaphores[1].get())}, nullptr);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(pair.b.semaphores[1]->wait(1, soon(), kUsualSpin).ok());
  EXPECT_TRUE(pair.b.semaphores[0]->wait(1, soon(), kUsualSpin).ok());
  pair.a.connections[0]->close();
  EXPECT_EQ(HAWSER_CLOSED, pair.b.semaphores[0]->wait(2, soon(), 0).code());
  ASSERT_TRUE(pair.a.connections[1]->submit({Work::signal(pair.a.semaphores[1].get())}, nullptr).ok());
  EXPECT_TRUE(pair.b.semaphores[1]->wait(2, soon(), kUsualSpin).ok());
}

TEST_F(TcpTransportTest, ManyConnectAtOnceAndEachFindsItsPeer) {
  constexpr size_t kConnections = 6;
  std::array<std::unique_ptr<Endpoint>, kConnections> ends[2];
  std::array<std::shared_ptr<Connection>, kConnections> made[2];
  testing::Side* sides[] = {&pair.a, &pair.b};
  for (size_t i = 0; i < kConnections; ++i) {
    for (size_t s : {0, 1}) ASSERT_TRUE(Endpoint::open(sides[s]->context, endpoint_config(kTcp), &ends[s][i]).ok());
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kConnections; ++i) {
    for (size_t s : {0, 1}) {
      threads.emplace_back([&, i, s] {
        const Status status = ends[s][i]->connect(reader(ends[1 - s][i]->told()), soon(), &made[s][i]);
        EXPECT_TRUE(status.ok()) << status.text();
      });
    }
  }
  for (auto& thread : threads) thread.join();
  ASSERT_FALSE(HasFailure());
  for (size_t i = 0; i < kConnections; ++i) {
    for (size_t s : {0, 1}) sides[s]->connections.push_back(made[s][i]);
    pair.add_semaphores();
    ASSERT_TRUE(made[0][i]->submit({Work::signal(pair.a.semaphores.back().get())}).ok());
    const Status status = pair.b.semaphores.back()->wait(1, soon(), kUsualSpin);
    ASSERT_TRUE(status.ok()) << status.text();
  }
}

TEST_F(TcpTransportTest, PutsToFreedMemoryAreRefusedWithBothNamed) {
  target->free();
  const Status began = submit({put(100'000)});
  EXPECT_TRUE(began.ok() || began.code() == HAWSER_REFUSED);
  EXPECT_EQ(HAWSER_REFUSED, pair.a.semaphores[0]->wait(1, soon(), 0).code());
  for (const Connection* end : {pair.a.connections[0].get(), pair.b.connections[0].get()}) {
    const std::string text = end->error().text();
    EXPECT_THAT(text, HasSubstr("memory " + std::to_string(source->number()) + " of rank 0"));
    EXPECT_THAT(text, HasSubstr("memory " + std::to_string(target->number()) + " of rank 1"));
    EXPECT_THAT(text, HasSubstr("freed"));
  }
}

TEST_F(TcpTransportTest, PutsOutOfBoundsNameBothAndDoNoHarm) {
  const Status status = submit({put(2, kBytes - 1)});
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, status.code());
  EXPECT_THAT(status.text(), HasSubstr(source->name()));
  EXPECT_THAT(status.text(), HasSubstr(target->name()));
  flush();
}

TEST_F(TcpTransportTest, MemoryFreedWhilePutsLandIsNotWrittenToAnyMore) {
  Semaphore* signal = pair.a.semaphores[0].get();
  ASSERT_TRUE(submit({Work::signal(signal), put(kBytes), put(kBytes), put(kBytes)}).ok());
  ASSERT_TRUE(pair.b.semaphores[0]->wait(1, soon(), kUsualSpin).ok());
  target->free();
  const std::vector<unsigned char> left(target_data(), target_data() + kBytes);
  EXPECT_EQ(HAWSER_REFUSED, pair.a.semaphores[0]->wait(1, soon(), 0).code());
  EXPECT_EQ(0, std::memcmp(left.data(), target_data(), kBytes));
}

TEST_F(TcpTransportTest, EndingWithMuchQueuedIsQuick) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(submit({put(kBytes)}).ok());
  const Nanos begin = now();
  pair.a.connections[0]->close();
  pair.a.semaphores.clear();
  pair.a.connections.clear();
  EXPECT_LT(now() - begin, 5 * kSecond);
  EXPECT_EQ(HAWSER_CLOSED, pair.b.semaphores[0]->wait(1, soon(), 0).code());
}

// The sockets of this process that speak for connections beside their lanes: within a machine, Unix sockets.
int cut_control_sockets() {
  int cut = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    int domain = 0;
    socklen_t length = sizeof(domain);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_UNIX) continue;
    cut += shutdown(fd, SHUT_RDWR) == 0 ? 1 : 0;
  }
  return cut;
}

TEST_F(TcpTransportTest, ACutOfTheControlConnectionAloneHarmsNothing) {
  ASSERT_GE(cut_control_sockets(), 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  uint64_t signals = 0;
  for (const uint64_t bytes : {uint64_t{1}, uint64_t{100'000}, kBytes}) {
    std::memset(source_data(), static_cast<int>(bytes), bytes);
    ASSERT_TRUE(submit({put(bytes), Work::signal(pair.a.semaphores[0].get())}).ok());
    const Status status = pair.b.semaphores[0]->wait(++signals, soon(), kUsualSpin);
    ASSERT_TRUE(status.ok()) << status.text();
    EXPECT_EQ(0, std::memcmp(source_data(), target_data(), bytes)) << bytes;
    flush();
  }
  // The end is told by the lanes.
  connection().close();
  const Status end = pair.b.semaphores[0]->wait(signals + 1, soon(), kUsualSpin);
  EXPECT_EQ(HAWSER_CLOSED, end.code()) << end.text();
}

TEST_F(TcpTransportTest, AMemoryOfAGpuIsRefused) {
  std::shared_ptr<Memory> memory;
  const Status status =
      Memory::register_local(pair.a.context, source_data(), 64, HAWSER_MEMORY_DEVICE, 1u << kTcp, &memory);
  EXPECT_EQ(HAWSER_UNSUPPORTED, status.code());
}

}  // namespace
}  // namespace hawser::port
