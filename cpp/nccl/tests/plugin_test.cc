// The plugin's library as NCCL sees it: each version of its table keeps the contract.
#include <algorithm>
#include <deque>
#include <fstream>
#include <numeric>

#include "hawser_mem.h"
#include "nccl/tests/host.h"

extern char** environ;

namespace hawser::nccl::testing {
namespace {

class Plugin : public ::testing::TestWithParam<int> {
 protected:
  Plugin() {
    setenv("HAWSER_LANES", "=lo,lo,lo,lo", 1);
    host = make_host(GetParam());
    EXPECT_EQ(kSuccess, host->init(&Log::write));
  }
  ~Plugin() override { EXPECT_EQ(kSuccess, host->finalize()); }

  // One message over the pair.
  void transfer(const CommPair& pair, const std::vector<unsigned char>& data, size_t capacity) {
    std::vector<unsigned char> copy(capacity + 1, 0xee);
    void* sending = nullptr;
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), capacity, 5}}, &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), data.size(), 5, &sending));
    ASSERT_NE(nullptr, sending);
    ASSERT_NE(nullptr, receiving);
    int sent = -1;
    int received = -1;
    ASSERT_EQ(kSuccess, host->await(receiving, &received));
    ASSERT_EQ(kSuccess, host->await(sending, &sent));
    EXPECT_EQ(data.size(), static_cast<size_t>(sent));
    EXPECT_EQ(data.size(), static_cast<size_t>(received));
    EXPECT_TRUE(std::equal(data.begin(), data.end(), copy.begin()));
    EXPECT_EQ(0xee, copy[capacity]);
  }

  std::unique_ptr<Host> host;
};

size_t count_threads() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "Threads:") {
  }
  size_t threads = 0;
  status >> threads;
  return threads;
}

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

TEST_P(Plugin, TellsOneDeviceOfAllLanes) {
  EXPECT_EQ(1, host->devices());
  Facts facts;
  ASSERT_EQ(kSuccess, host->facts(0, &facts));
  EXPECT_EQ("Hawser", facts.name);
  int32_t gpus = 0;
  const bool has_gpus = hawser_cuda_devices(&gpus, nullptr) == HAWSER_OK && gpus > 0;
  EXPECT_EQ(has_gpus ? kPointerHost | kPointerCuda : kPointerHost, facts.pointer_kinds);
  EXPECT_EQ(40'000, facts.speed);  // four lanes that do not tell theirs
  EXPECT_EQ(8, facts.max_receives);
  EXPECT_GT(facts.max_comms, 1024);
  EXPECT_EQ(kNetDeviceHost, facts.net_device_type);
  EXPECT_EQ(1, facts.parts);
  if (host->version() >= 9) {
    EXPECT_GE(facts.max_p2p_bytes, size_t{1} << 30);
  }
  EXPECT_NE(kSuccess, host->facts(1, &facts));
}

TEST_P(Plugin, CarriesMessagesOfAllSizes) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  for (const size_t bytes : {0, 1, 4095, 4096, 40'000, 65'536, 65'537, 600'000, 1 << 20, 7'654'321, 64 << 20}) {
    SCOPED_TRACE(bytes);
    transfer(pair, random_bytes(bytes, bytes), bytes);
    if (HasFailure()) return;
  }
}

TEST_P(Plugin, TellsTheSizeOfAMessageShorterThanItsReceive) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  for (const size_t bytes : {0, 3, 50'000, 1'000'000}) transfer(pair, random_bytes(bytes, 3), 2'000'000);
}

TEST_P(Plugin, RefusesAMessageLongerThanItsReceive) {
  for (const size_t bytes : {100, 50'000, 3'000'000}) {
    SCOPED_TRACE(bytes);
    const CommPair pair(*host);
    ASSERT_TRUE(pair);
    const auto data = random_bytes(bytes, 9);
    std::vector<unsigned char> copy(bytes, 0xee);
    void* sending = nullptr;
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), bytes / 2, 1}}, &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), bytes, 1, &sending));
    EXPECT_EQ(kInvalidUsage, host->await(receiving));
    EXPECT_TRUE(std::all_of(copy.begin() + static_cast<long>(bytes / 2), copy.end(), [](auto b) { return b == 0xee; }));
  }
}

TEST_P(Plugin, Has32RequestsUnderWayAndNoMore) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  constexpr size_t kBytes = 70'000;
  const auto data = random_bytes(kBytes * kMaxRequests, 21);
  std::vector<unsigned char> copy(data.size());
  std::vector<void*> sends(kMaxRequests);
  std::vector<void*> receives(kMaxRequests);
  for (size_t i = 0; i < kMaxRequests; ++i) {
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{&copy[i * kBytes], kBytes, 2}}, &receives[i]));
    ASSERT_EQ(kSuccess, host->isend(pair.send, &data[i * kBytes], kBytes, 2, &sends[i]));
    ASSERT_NE(nullptr, receives[i]);
    ASSERT_NE(nullptr, sends[i]);
  }
  void* surplus = &surplus;
  EXPECT_EQ(kSuccess, host->isend(pair.send, data.data(), 1, 2, &surplus));
  EXPECT_EQ(nullptr, surplus);
  surplus = &surplus;
  EXPECT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), 1, 2}}, &surplus));
  EXPECT_EQ(nullptr, surplus);
  // Tested from the last to the first: no order is prescribed.
  for (size_t i = kMaxRequests; i-- > 0;) {
    int bytes = 0;
    EXPECT_EQ(kSuccess, host->await(receives[i], &bytes));
    EXPECT_EQ(static_cast<int>(kBytes), bytes);
    EXPECT_EQ(kSuccess, host->await(sends[i]));
  }
  EXPECT_TRUE(data == copy);
  transfer(pair, random_bytes(1000, 1), 1000);
}

TEST_P(Plugin, MatchesGroupedReceivesByTheirTags) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  const std::vector<size_t> sizes = {0, 1, 5'000, 80'000, 1'500'000, 33'000, 7, 262'144};
  std::vector<std::vector<unsigned char>> data;
  std::vector<std::vector<unsigned char>> copies;
  std::vector<Receive> group;
  for (size_t i = 0; i < sizes.size(); ++i) {
    data.push_back(random_bytes(sizes[i], i));
    copies.emplace_back(2'000'000);
  }
  for (size_t i = 0; i < sizes.size(); ++i) group.push_back({copies[i].data(), copies[i].size(), static_cast<int>(i)});
  void* receiving = nullptr;
  ASSERT_EQ(kSuccess, host->irecv(pair.receive, group, &receiving));
  ASSERT_NE(nullptr, receiving);
  std::vector<void*> sends(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {  // in another order than the group's
    ASSERT_EQ(kSuccess, host->isend(pair.send, data[i].data(), sizes[i], static_cast<int>(i), &sends[i]));
  }
  std::array<int, 8> received{};
  ASSERT_EQ(kSuccess, host->await(receiving, received.data()));
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(sizes[i], static_cast<size_t>(received[i]));
    EXPECT_TRUE(std::equal(data[i].begin(), data[i].end(), copies[i].begin()));
    EXPECT_EQ(kSuccess, host->await(sends[i]));
  }
  group.push_back(group.front());
  EXPECT_NE(kSuccess, host->irecv(pair.receive, group, &receiving));
  EXPECT_EQ(nullptr, receiving);
}

TEST_P(Plugin, NeedsNoReceiveWhenASendIsPosted) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  const auto small = random_bytes(1000, 1);
  const auto large = random_bytes(5 << 20, 2);
  std::vector<unsigned char> copy(large.size());
  std::array<void*, 2> sends{};
  ASSERT_EQ(kSuccess, host->isend(pair.send, large.data(), large.size(), 1, &sends[0]));
  ASSERT_EQ(kSuccess, host->isend(pair.send, small.data(), small.size(), 2, &sends[1]));
  int done = 1;
  ASSERT_EQ(kSuccess, host->test(sends[0], &done, nullptr));
  EXPECT_EQ(0, done);
  void* receiving = nullptr;
  ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), copy.size(), 2}}, &receiving));
  int bytes = 0;
  ASSERT_EQ(kSuccess, host->await(receiving, &bytes));
  EXPECT_EQ(1000, bytes);
  EXPECT_TRUE(std::equal(small.begin(), small.end(), copy.begin()));
  ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), copy.size(), 1}}, &receiving));
  ASSERT_EQ(kSuccess, host->await(receiving, &bytes));
  EXPECT_TRUE(large == copy);
  for (void* send : sends) EXPECT_EQ(kSuccess, host->await(send));
}

TEST_P(Plugin, DeliversWhatWasSentBeforeAClose) {
  CommPair pair(*host);
  ASSERT_TRUE(pair);
  std::vector<std::vector<unsigned char>> messages;
  for (int i = 0; i < 30; ++i) messages.push_back(random_bytes(20'000, static_cast<uint64_t>(i)));
  for (const auto& message : messages) {
    void* sending = nullptr;
    ASSERT_EQ(kSuccess, host->isend(pair.send, message.data(), message.size(), 1, &sending));
    ASSERT_EQ(kSuccess, host->await(sending));
  }
  pair.close_send();
  for (const auto& message : messages) {
    std::vector<unsigned char> copy(message.size());
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), copy.size(), 1}}, &receiving));
    ASSERT_EQ(kSuccess, host->await(receiving));
    EXPECT_TRUE(message == copy);
  }
  std::vector<unsigned char> copy(10);
  void* receiving = nullptr;
  ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), copy.size(), 1}}, &receiving));
  EXPECT_EQ(kRemoteError, host->await(receiving));
}

TEST_P(Plugin, LeavesBuffersAloneOnceClosed) {
  for (const bool sender_first : {true, false}) {
    CommPair pair(*host);
    ASSERT_TRUE(pair);
    const auto data = random_bytes(16 << 20, 4);
    auto copy = std::make_unique<std::vector<unsigned char>>(data.size());
    void* sending = nullptr;
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy->data(), copy->size(), 1}}, &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), data.size(), 1, &sending));
    int done = 0;
    for (int i = 0; i < 20 && done == 0; ++i) ASSERT_EQ(kSuccess, host->test(sending, &done, nullptr));
    if (sender_first) pair.close_send();
    pair.close_receive();
    copy.reset();  // AddressSanitizer sees who writes to it
    pair.close_send();
  }
}

TEST_P(Plugin, MakesProgressForCommsThatNobodyTests) {
  const CommPair tested(*host);
  const CommPair idle(*host);
  ASSERT_TRUE(tested);
  ASSERT_TRUE(idle);
  const auto data = random_bytes(3 << 20, 4);
  std::vector<unsigned char> copy(data.size());
  void* sending = nullptr;
  void* receiving = nullptr;
  ASSERT_EQ(kSuccess, host->irecv(idle.receive, {{copy.data(), copy.size(), 1}}, &receiving));
  ASSERT_EQ(kSuccess, host->isend(idle.send, data.data(), data.size(), 1, &sending));
  for (int i = 0; i < 200; ++i) transfer(tested, random_bytes(30'000, 1), 30'000);
  // Nobody tests anything now: the keeper does what is left.
  const Nanos deadline = now() + kPatience;
  while (copy.back() != data.back() && now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  int done = 0;
  EXPECT_EQ(kSuccess, host->test(receiving, &done, nullptr));
  EXPECT_EQ(1, done);
  EXPECT_EQ(kSuccess, host->test(sending, &done, nullptr));
  EXPECT_EQ(1, done);
  EXPECT_TRUE(data == copy);
}

TEST_P(Plugin, ServesManyCommsFromSeveralThreads) {
  constexpr int kThreads = 4;
  constexpr int kPairs = 6;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::deque<CommPair> pairs;
      for (int i = 0; i < kPairs; ++i) ASSERT_TRUE(pairs.emplace_back(*host));
      std::vector<std::vector<unsigned char>> data;
      for (int i = 0; i < kPairs; ++i) data.push_back(random_bytes(300'000, static_cast<uint64_t>(100 * t + i)));
      for (int round = 0; round < 3; ++round) {
        std::vector<std::vector<unsigned char>> copies(kPairs, std::vector<unsigned char>(300'000));
        std::vector<void*> requests;
        for (size_t i = 0; i < kPairs; ++i) {
          requests.resize(requests.size() + 2);
          ASSERT_EQ(kSuccess, host->irecv(pairs[i].receive, {{copies[i].data(), copies[i].size(), 1}},
                                          &requests[requests.size() - 2]));
          ASSERT_EQ(kSuccess, host->isend(pairs[i].send, data[i].data(), data[i].size(), 1, &requests.back()));
        }
        for (void* request : requests) ASSERT_EQ(kSuccess, host->await(request));
        for (size_t i = 0; i < kPairs; ++i) ASSERT_TRUE(data[i] == copies[i]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Plugin, RefusesMemoryThatIsNeitherTheHostsNorAGpus) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  std::vector<unsigned char> data(4096);
  void* memory = nullptr;
  EXPECT_EQ(kSuccess, host->reg_mr(pair.send, data.data(), data.size(), kPointerHost, &memory));
  EXPECT_NE(nullptr, memory);
  EXPECT_EQ(kSuccess, host->dereg_mr(pair.send, memory));
  EXPECT_NE(kSuccess, host->reg_mr(pair.send, data.data(), data.size(), kPointerCuda, &memory));
  EXPECT_EQ(nullptr, memory);
  EXPECT_EQ(kInvalidUsage, host->reg_mr(pair.send, data.data(), data.size(), kPointerDmaBuf, &memory));
  EXPECT_EQ(kInvalidUsage, host->reg_mr_dma_buf(pair.send, data.data(), data.size(), &memory));
  EXPECT_NE(std::string::npos, Log::instance().text().find("memory of the host and of GPUs alone"));
  void* request = &request;
  EXPECT_EQ(kSuccess, host->iflush(pair.receive, data.data(), data.size(), &request, nullptr));
  EXPECT_EQ(nullptr, request);
}

TEST_P(Plugin, RefusesAStrangersHandle) {
  std::array<unsigned char, kHandleBytes> handle{};
  void* comm = &comm;
  EXPECT_EQ(kInvalidArgument, host->connect(handle.data(), &comm));
  EXPECT_EQ(nullptr, comm);
}

TEST_P(Plugin, ReturnsAtOnceWhileNobodyComes) {
  std::array<unsigned char, kHandleBytes> handle{};
  void* listening = nullptr;
  ASSERT_EQ(kSuccess, host->listen(handle.data(), &listening));
  void* comm = &comm;
  const Nanos before = now();
  EXPECT_EQ(kSuccess, host->accept(listening, &comm));
  EXPECT_EQ(nullptr, comm);
  comm = &comm;
  EXPECT_EQ(kSuccess, host->connect(handle.data(), &comm));
  EXPECT_EQ(nullptr, comm);
  EXPECT_LT(now() - before, 5 * kSecond);
  EXPECT_EQ(kSuccess, host->close_listen(listening));
  // Whoever has contexts gives the connection up with them.
}

TEST_P(Plugin, LeavesNoThreadAndTheEnvironmentAsItWas) {
  const size_t threads = count_threads();
  const std::vector<std::string> before = environment();
  {
    const CommPair first(*host);
    const CommPair second(*host);
    transfer(first, random_bytes(1 << 20, 1), 1 << 20);
    EXPECT_GT(count_threads(), threads);
  }
  EXPECT_EQ(threads, count_threads());
  EXPECT_EQ(before, environment());
}

TEST_P(Plugin, OpensAgainAndWithoutALogger) {
  auto second = make_host(GetParam());
  ASSERT_EQ(kSuccess, second->init(nullptr));
  void* memory = nullptr;
  EXPECT_EQ(kInvalidUsage, second->reg_mr(nullptr, nullptr, 1, kPointerDmaBuf, &memory));  // logs into the void
  {
    const CommPair across(*host, *second);
    ASSERT_TRUE(across);
    transfer(across, random_bytes(200'000, 1), 200'000);
  }
  const CommPair pair(*second);
  ASSERT_TRUE(pair);
  EXPECT_EQ(kSuccess, second->finalize());  // comms outlive it
  transfer(pair, random_bytes(200'000, 1), 200'000);
}

TEST(PluginConnect, FailsInTimeWhenTheListenerHasGone) {
  setenv("HAWSER_LANES", "=lo,lo,lo,lo", 1);
  const auto host = make_host(12);
  ASSERT_EQ(kSuccess, host->init(&Log::write));
  std::array<unsigned char, kHandleBytes> handle{};
  void* listening = nullptr;
  ASSERT_EQ(kSuccess, host->listen(handle.data(), &listening));
  ASSERT_EQ(kSuccess, host->close_listen(listening));
  void* comm = nullptr;
  Result result = kSuccess;
  const Nanos before = now();
  while (result == kSuccess && now() - before < kPatience) result = host->connect(handle.data(), &comm);
  EXPECT_EQ(kRemoteError, result);
  EXPECT_EQ(nullptr, comm);
  EXPECT_EQ(kSuccess, host->finalize());
}

INSTANTIATE_TEST_SUITE_P(Versions, Plugin, ::testing::Range(kOldestVersion, kNewestVersion + 1),
                         [](const auto& version) { return "v" + std::to_string(version.param); });

}  // namespace
}  // namespace hawser::nccl::testing
