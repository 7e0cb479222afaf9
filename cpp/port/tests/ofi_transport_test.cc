// The transports IBn over the providers that need no NIC. The code is the one that verbs is driven by.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <filesystem>
#include <random>
#include <thread>

#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using ::testing::HasSubstr;
using testing::Pair;
using testing::soon;

constexpr uint32_t kIb0 = HAWSER_PORT_IB0;
constexpr uint64_t kBytes = 4 << 20;
constexpr uint32_t kPutWithSignal = HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL;

hawser_endpoint_config config_of(const std::string& provider, uint32_t transport = kIb0) {
  hawser_endpoint_config config = testing::endpoint_config(transport);
  provider.copy(config.ib_provider, sizeof(config.ib_provider) - 1);
  return config;
}

// A provider, and whether its order of writes is trusted.
struct Ofi : public ::testing::TestWithParam<std::tuple<const char*, const char*>>, public testing::ChannelPair {
  Ofi() { setenv("HAWSER_OFI_ORDER", std::get<1>(GetParam()), 1); }
  ~Ofi() override { unsetenv("HAWSER_OFI_ORDER"); }
  static const char* provider() { return std::get<0>(GetParam()); }
  void open(const hawser_endpoint_config& config, uint64_t bytes = kBytes) { ChannelPair::open(config, bytes); }
};

TEST_P(Ofi, PutsOfAllSizesAreThereWhenTheirSignalIs) {
  constexpr uint64_t kLargest = 64 << 20;
  open(config_of(provider()), kLargest);
  for (uint64_t bytes = 8; bytes <= kLargest; bytes *= 8) {
    for (uint64_t i = 0; i < bytes; i += 8) {
      const uint64_t word = i * 0x9e3779b97f4a7c15u + bytes;
      std::memcpy(source_data() + i, &word, sizeof(word));
    }
    ASSERT_EQ(post(kPutWithSignal, bytes), HAWSER_OK);
    const Status status = to_a->wait(soon(), 0);
    ASSERT_TRUE(status.ok()) << status.text();
    EXPECT_EQ(std::memcmp(source_data(), target_data(), bytes), 0) << bytes;
  }
}

// A generation of bytes follows the other; whoever sees signal n must see nothing older than generation n.
TEST_P(Ofi, NoSignalIsSeenBeforeItsBytes) {
  constexpr int kRounds = 2000;
  open(config_of(provider()));
  const auto length = [](std::mt19937& random, int round) -> uint64_t {
    return 1 + random() % (round % 16 == 0 ? kBytes : 8192);
  };
  std::thread sender([&] {
    std::mt19937 random(1);
    for (int round = 1; round <= kRounds; ++round) {
      const uint64_t bytes = length(random, round);
      std::memset(source_data(), round % 251, bytes);
      // In two puts: the signal is to come after both.
      ASSERT_EQ(post(HAWSER_TRIGGER_PUT, bytes / 2), HAWSER_OK);
      ASSERT_EQ(post(kPutWithSignal, bytes - bytes / 2, nullptr, bytes / 2), HAWSER_OK);
      ASSERT_TRUE(to_b->wait(soon(), kUsualSpin).ok());
    }
  });
  std::mt19937 same(1);
  for (int round = 1; round <= kRounds; ++round) {
    const uint64_t bytes = length(same, round);
    ASSERT_TRUE(to_a->wait(soon(), kUsualSpin).ok());
    for (uint64_t i : {uint64_t{0}, bytes / 3, bytes / 2, bytes - 1}) ASSERT_EQ(target_data()[i], round % 251) << round;
    ASSERT_EQ(to_a->post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, nullptr), HAWSER_OK);
  }
  sender.join();
}

// Far more than the completion queue holds, both ways at once, each in a place of its own.
TEST_P(Ofi, ManyPutsAreInFlight) {
  constexpr uint64_t kPuts = 20'000;
  constexpr uint64_t kEach = 200;
  hawser_endpoint_config config = config_of(provider());
  config.ib_max_cq_size = 16;
  config.ib_max_send_wr = 8;
  config.ib_max_cq_poll_num = 4;
  open(config, kPuts * kEach);
  for (uint64_t i = 0; i < kPuts * kEach; i += 8) std::memcpy(source_data() + i, &i, sizeof(i));
  std::thread other([&] {
    for (uint64_t i = 0; i < kPuts; ++i) {
      const Nanos deadline = soon();
      while (to_a->post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, nullptr) != HAWSER_OK) ASSERT_LT(now(), deadline);
    }
  });
  uint64_t position = 0;
  for (uint64_t i = 0; i < kPuts; ++i) {
    const uint32_t kind = i % 4 == 0 ? kPutWithSignal : uint32_t{HAWSER_TRIGGER_PUT};
    ASSERT_EQ(post(kind, kEach, nullptr, i * kEach), HAWSER_OK);
  }
  ASSERT_EQ(post(HAWSER_TRIGGER_FLUSH, 0, &position), HAWSER_OK);
  const Status status = to_b->flushed(position, soon(), 0);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(std::memcmp(source_data(), target_data(), kPuts * kEach), 0);
  EXPECT_TRUE(pair.b.semaphores[0]->wait(kPuts / 4, soon(), 0).ok());
  other.join();
  EXPECT_TRUE(pair.a.semaphores[0]->wait(kPuts, soon(), 0).ok());
}

TEST_P(Ofi, AFlushMeansThatTheBytesAreThere) {
  open(config_of(provider()));
  for (int round = 1; round <= 200; ++round) {
    std::memset(source_data(), round, 100'000);
    uint64_t position = 0;
    ASSERT_EQ(post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_FLUSH, 100'000, &position), HAWSER_OK);
    ASSERT_TRUE(to_b->flushed(position, soon(), kUsualSpin).ok());
    ASSERT_EQ(target_data()[0], round);
    ASSERT_EQ(target_data()[99'999], round);
  }
}

TEST_P(Ofi, APutOutOfBoundsNamesBothMemories) {
  open(config_of(provider()));
  ASSERT_EQ(post(HAWSER_TRIGGER_PUT, 2, nullptr, kBytes - 1), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(to_b->error().text(), HasSubstr(source->name()));
  EXPECT_THAT(to_b->error().text(), HasSubstr(target->name()));
  EXPECT_EQ(post(kPutWithSignal, 8), HAWSER_OK);
}

TEST_P(Ofi, APutToMemoryThatThePeerFreedFails) {
  open(config_of(provider()));
  ASSERT_EQ(post(kPutWithSignal, 8), HAWSER_OK);
  ASSERT_TRUE(to_a->wait(soon(), 0).ok());
  target->free();
  target_data()[0] = 77;
  uint64_t position = 0;
  post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_FLUSH, 8, &position);
  const Status status = to_b->flushed(position, soon(), 0);
  EXPECT_EQ(status.code(), HAWSER_REFUSED);
  EXPECT_THAT(status.text(), HasSubstr(source->name()));
  EXPECT_THAT(status.text(), HasSubstr(target->name()));
  EXPECT_EQ(target_data()[0], 77);
}

TEST_P(Ofi, SeveralConnectionsShareADevice) {
  open(config_of(provider()));
  pair.connect(config_of(provider()));
  pair.add_semaphores();
  PortChannel& second = pair.a.channel(pair.a.semaphores[1].get(), pair.a.import(*target), source);
  std::memset(source_data(), 3, 4096);
  ASSERT_EQ(second.post(kPutWithSignal, 0, 0, 4096, nullptr), HAWSER_OK);
  ASSERT_TRUE(pair.b.semaphores[1]->wait(1, soon(), 0).ok());
  EXPECT_EQ(target_data()[4095], 3);
  // The end of one is not the other's.
  pair.a.connections[1]->close();
  EXPECT_EQ(pair.b.semaphores[1]->wait(2, soon(), 0).code(), HAWSER_CLOSED);
  ASSERT_EQ(post(kPutWithSignal, 4096), HAWSER_OK);
  EXPECT_TRUE(pair.b.semaphores[0]->wait(1, soon(), 0).ok());
}

TEST_P(Ofi, AConnectionIsClosedWithPutsUnderWay) {
  open(config_of(provider()));
  auto remote = pair.a.import(*target);
  for (int round = 0; round < 20; ++round) {
    pair.connect(config_of(provider()));
    Connection& connection = *pair.a.connections.back();
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(connection.submit({Work::put(remote.get(), 0, source.get(), 0, kBytes), Work::fence()}).ok());
    }
    pair.a.connections.back()->close();
    EXPECT_EQ(connection.submit({Work::fence()}).code(), HAWSER_CLOSED);
  }
  // The others do not mind.
  ASSERT_EQ(post(kPutWithSignal, kBytes), HAWSER_OK);
  EXPECT_TRUE(to_a->wait(soon(), 0).ok());
}

TEST_P(Ofi, AnotherProviderIsRefusedWhileOneIsInUse) {
  open(config_of(provider()));
  std::unique_ptr<Endpoint> endpoint;
  const Status status = Endpoint::open(pair.a.context, config_of("verbs"), &endpoint);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), HasSubstr("verbs"));
  EXPECT_THAT(status.text(), HasSubstr(provider()));
}

TEST_P(Ofi, ADeviceThatIsNotThereIsNamed) {
  std::unique_ptr<Endpoint> endpoint;
  const Status status = Endpoint::open(pair.a.context, config_of(provider(), HAWSER_PORT_IB7), &endpoint);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("IB7"));
  EXPECT_THAT(status.text(), HasSubstr(provider()));
}

INSTANTIATE_TEST_SUITE_P(Providers, Ofi,
                         ::testing::Combine(::testing::Values("tcp", "shm"), ::testing::Values("provider", "none")),
                         [](const auto& made) {
                           return std::string(std::get<0>(made.param)) + "_order_by_" + std::get<1>(made.param);
                         });

TEST(OfiTransport, AProviderThatIsNotThereIsNamed) {
  Pair pair;
  std::unique_ptr<Endpoint> endpoint;
  const Status status = Endpoint::open(pair.a.context, config_of("nonsense"), &endpoint);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("IB0"));
  EXPECT_THAT(status.text(), HasSubstr("nonsense"));
  EXPECT_THAT(status.text(), HasSubstr("HAWSER_OFI_PROVIDER"));
}

TEST(OfiTransport, TheProcessKeepsItsSignals) {
  struct sigaction before[32];
  for (int number = 1; number < 32; ++number) sigaction(number, nullptr, &before[number]);
  {
    Pair pair;
    pair.connect(config_of("shm"));
    pair.connect(config_of("tcp", HAWSER_PORT_IB0 + 1));
  }
  for (int number = 1; number < 32; ++number) {
    struct sigaction after {};
    sigaction(number, nullptr, &after);
    EXPECT_EQ(before[number].sa_sigaction, after.sa_sigaction) << strsignal(number);
  }
}

TEST(OfiTransport, IdleConnectionsTakeNextToNoTime) {
  Pair pair;
  pair.connect(config_of("tcp"));
  pair.add_semaphores();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto spent = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * kSecond +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * kMicrosecond;
  };
  const Nanos before = spent();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  // Of both sides together, sanitizers included.
  EXPECT_LT(spent() - before, 60 * kMillisecond);
}

// A peer in a process of its own. It dies in the middle of what it is sent; whoever waits for it hears so.
class OfiProcesses : public ::testing::TestWithParam<const char*> {};

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void send(const std::vector<uint8_t>& bytes) {
    const auto length = static_cast<uint32_t>(bytes.size());
    ASSERT_EQ(write(ends[1], &length, sizeof(length)), static_cast<ssize_t>(sizeof(length)));
    ASSERT_EQ(write(ends[1], bytes.data(), length), static_cast<ssize_t>(length));
  }
  std::vector<uint8_t> receive() {
    uint32_t length = 0;
    if (read(ends[0], &length, sizeof(length)) != static_cast<ssize_t>(sizeof(length))) return {};
    std::vector<uint8_t> bytes(length);
    for (size_t got = 0; got < length;) {
      const ssize_t count = read(ends[0], bytes.data() + got, length - got);
      if (count <= 0) return {};
      got += static_cast<size_t>(count);
    }
    return bytes;
  }
  int ends[2];
};

// One process: set up with the other by the two pipes.
struct Process {
  Process(int32_t rank, const char* provider, Pipe& mine, Pipe& theirs) : side(rank) {
    std::unique_ptr<Endpoint> endpoint;
    Status status = Endpoint::open(side.context, config_of(provider), &endpoint);
    EXPECT_TRUE(status.ok()) << status.text();
    mine.send(endpoint->told());
    const auto other = theirs.receive();
    std::shared_ptr<Connection> connection;
    status = endpoint->connect(testing::reader(other), soon(), &connection);
    EXPECT_TRUE(status.ok()) << status.text();
    std::unique_ptr<Semaphore> semaphore;
    EXPECT_TRUE(Semaphore::open(connection, &semaphore).ok());
    side.connections.push_back(std::move(connection));
    mine.send(semaphore->told());
    EXPECT_TRUE(semaphore->join(testing::reader(theirs.receive()), soon()).ok());
    side.semaphores.push_back(std::move(semaphore));
    memory = side.make_memory(kBytes, kIb0);
    mine.send(memory->told());
    const auto told = theirs.receive();
    EXPECT_TRUE(Memory::import(side.context, testing::reader(told), soon(), &remote).ok());
    side.start_proxy();
    channel = &side.channel(side.semaphores[0].get(), remote, memory);
  }
  unsigned char* data() { return side.buffers[0]->data(); }

  testing::Side side;
  std::shared_ptr<Memory> memory;
  std::shared_ptr<Memory> remote;
  PortChannel* channel = nullptr;
};

// Answers each signal whose bytes are right, until it is killed.
[[noreturn]] void answer(const char* provider, Pipe& mine, Pipe& theirs) {
  alarm(100);
  Process process(1, provider, mine, theirs);
  for (int round = 1;; ++round) {
    if (!process.channel->wait(soon(), kUsualSpin).ok()) _exit(2);
    for (uint64_t i = 0; i < kBytes; i += 4096) {
      if (process.data()[i] != round % 251) _exit(3);
    }
    if (process.channel->post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, nullptr) != HAWSER_OK) _exit(4);
  }
}

TEST_P(OfiProcesses, APeerThatIsKilledWakesWhoWaits) {
  Pipe up;
  Pipe down;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) answer(GetParam(), up, down);
  {
    Process process(0, GetParam(), down, up);
    for (int round = 1; round <= 20; ++round) {
      std::memset(process.data(), round % 251, kBytes);
      ASSERT_EQ(process.channel->post(kPutWithSignal, 0, 0, kBytes, nullptr), HAWSER_OK);
      const Status status = process.channel->wait(soon(), kUsualSpin);
      ASSERT_TRUE(status.ok()) << round << ": " << status.text();
    }
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      kill(child, SIGKILL);
    });
    const Nanos begin = now();
    // Puts are under way when it dies. Not over shm: its queues are guarded by spin locks in shared memory, and whoever
    // writes to a peer that died with one of them in its hands spins in the provider for ever.
    const bool busy = std::string(GetParam()) != "shm";
    while (busy && process.channel->post(HAWSER_TRIGGER_PUT, 0, 0, kBytes, nullptr) == HAWSER_OK) {
      if (now() - begin > 30 * kMillisecond) break;
    }
    const Status status = process.channel->wait(soon(), 0);
    EXPECT_EQ(status.code(), HAWSER_LINK_FAILED) << status.text();
    EXPECT_EQ(status.rank(), 1);
    EXPECT_LT(now() - begin, 5 * kSecond);
    killer.join();
  }
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_TRUE(WIFSIGNALED(how)) << WEXITSTATUS(how);
  // What the provider shm would have removed.
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    if (entry.path().filename().string().starts_with(std::to_string(child) + ":")) std::filesystem::remove(entry);
  }
}

INSTANTIATE_TEST_SUITE_P(Providers, OfiProcesses, ::testing::Values("tcp", "shm"));

}  // namespace
}  // namespace hawser::port
