// What network plugins do that they should not, and what becomes of it: a clear error in bounded time, or nothing.
#include <gmock/gmock.h>

#include <cstdlib>

#include "mem/mapping.h"
#include "net/tests/plugin_pair.h"

namespace hawser {
namespace {

using ::testing::HasSubstr;

constexpr size_t kLong = 600'000;

std::vector<unsigned char> some_bytes() { return random_bytes(kLong, 1); }

TEST(PluginFaults, AnInitThatFailsIsToldWithThePluginsOwnWarning) {
  const Faults faults(TEST_PLUGIN);
  faults->init_fails = true;
  Plugin plugin;
  const Status status = open_plugin(TEST_PLUGIN, &plugin);
  EXPECT_EQ(HAWSER_UNSUPPORTED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("Test (v12): init failed: ncclSystemError (2)"));
  EXPECT_THAT(status.text(), HasSubstr("it said: test plugin: init was made to fail"));
}

TEST(PluginFaults, ThePluginsChangesOfTheEnvironmentAreUndone) {
  setenv(testing::kTestVariable, "LL", 1);
  Plugin plugin;
  ASSERT_TRUE(open_plugin(TEST_PLUGIN, &plugin).ok());
  EXPECT_STREQ("LL", getenv(testing::kTestVariable));
  EXPECT_EQ(nullptr, getenv("HAWSER_TEST_PLUGIN"));
  unsetenv(testing::kTestVariable);
  ASSERT_TRUE(open_plugin(TEST_PLUGIN, &plugin).ok());
  EXPECT_EQ(nullptr, getenv(testing::kTestVariable));
}

TEST(PluginFaults, CallsThatFindNothingAreMadeAgain) {
  const Faults faults(TEST_PLUGIN);
  faults->null_comms = 50;
  faults->null_requests = 200;
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  faults->null_requests = 50;
  const Status status = pair.carry(some_bytes());
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(0, faults->null_requests);
}

TEST(PluginFaults, LengthsThatAreNotToldAndNullRegistrationsDoNoHarm) {
  const Faults faults(TEST_PLUGIN);
  faults->silent_sizes = true;
  faults->null_memory = true;
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  for (const size_t bytes : {size_t{0}, size_t{5}, size_t{65536}, kLong}) {
    const Status status = pair.carry(random_bytes(bytes, 2));
    EXPECT_TRUE(status.ok()) << status.text();
  }
}

TEST(PluginFaults, AMessageThatWasLongerThanItsReceiveBreaksTheLane) {
  const Faults faults(TEST_PLUGIN);
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  faults->wrong_sizes = true;
  EXPECT_EQ(HAWSER_TRUNCATED, pair.carry(some_bytes()).code());
}

TEST(PluginFaults, AReceiveThatIsTooShortIsTruncatedAndNotWrittenPast) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  const auto data = some_bytes();
  std::vector<unsigned char> copy(kLong - 1);
  must_receive(*pair.right, copy.data(), copy.size());
  must_send(*pair.left, data.data(), data.size());
  const Status status = pair.drive([] { return false; });
  EXPECT_EQ(HAWSER_TRUNCATED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("600000 bytes came for a receive of 599999"));
}

TEST(PluginFaults, AConnectionThatFailsIsTold) {
  const Faults faults(TEST_PLUGIN);
  faults->connects_left = 0;
  faults->error = nccl::kRemoteError;
  PluginPair pair(TEST_PLUGIN);
  EXPECT_EQ(HAWSER_IO, pair.failed.code());
  EXPECT_THAT(pair.failed.text(), HasSubstr("connect failed: ncclRemoteError (6)"));
}

struct Failure {
  const char* call;
  std::atomic<int> testing::PluginFaults::*left;
};

class PluginFailures : public ::testing::TestWithParam<std::tuple<Failure, int>> {};

TEST_P(PluginFailures, BreakTheLaneByName) {
  const auto& [failure, code] = GetParam();
  const Faults faults(TEST_PLUGIN);
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  faults->error = code;
  ((*faults.operator->()).*failure.left) = 1;
  const Nanos began = now();
  const Status status = pair.carry(some_bytes());
  EXPECT_LT(now() - began, 5 * kSecond);
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
  EXPECT_THAT(status.text(), HasSubstr(std::string(failure.call) + " failed: "));
  EXPECT_THAT(status.text(), HasSubstr("(" + std::to_string(code) + ")"));
}

INSTANTIATE_TEST_SUITE_P(All, PluginFailures,
                         ::testing::Combine(::testing::Values(Failure{"isend", &testing::PluginFaults::isends_left},
                                                              Failure{"irecv", &testing::PluginFaults::irecvs_left},
                                                              Failure{"test", &testing::PluginFaults::tests_left}),
                                            ::testing::Values(1, 2, 3, 4, 5, 6, 99)));

TEST(PluginFaults, AMessageThatNeverIsDoneLosesTheLaneInTime) {
  const Faults faults(TEST_PLUGIN);
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  const auto data = some_bytes();
  must_send(*pair.left, data.data(), data.size());
  faults->frozen = true;
  Status alive;
  const Nanos began = now();
  ASSERT_TRUE(until([&] {
    EXPECT_TRUE(pair.round().ok());
    alive = pair.left->check_alive(5 * kMillisecond);
    return !alive.ok();
  }));
  EXPECT_GE(now() - began, 200 * kMillisecond);
  EXPECT_EQ(HAWSER_LANE_LOST, alive.code());
  EXPECT_EQ(ETIMEDOUT, alive.sys_errno());
  EXPECT_THAT(alive.text(), HasSubstr("nothing has moved"));
}

TEST(PluginFaults, AnIdleLaneIsNotLost) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(pair.left->check_alive(kMillisecond).ok());
    const Status status = pair.carry({1, 2, 3});
    EXPECT_TRUE(status.ok()) << status.text();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

TEST(PluginFaults, APeerThatGoesIsToldAndLeavesNothingBehind) {
  const Faults faults(TEST_PLUGIN);
  {
    PluginPair pair(TEST_PLUGIN);
    ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
    auto data = std::make_unique<std::vector<unsigned char>>(some_bytes());
    must_send(*pair.left, data->data(), data->size());
    bool moved = false;
    ASSERT_TRUE(pair.left->progress(&moved).ok());
    pair.right.reset();
    const bool told = until([&] { return !pair.left->progress(&moved).ok(); });
    EXPECT_TRUE(told);
    pair.left.reset();
    data.reset();
  }
  EXPECT_EQ(0, faults->open_comms);
  EXPECT_EQ(0, faults->registrations);
}

TEST(PluginFaults, AnAcceptThatBlocksHoldsUpNobody) {
  const Faults faults(TEST_PLUGIN);
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  // As fast-socket's: whoever asks before somebody connects is in there until somebody does.
  faults->blocks = true;
  std::unique_ptr<Comm> nobody;
  Nanos began = now();
  ASSERT_TRUE(pair.listener->accept(&nobody).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(pair.listener->accept(&nobody).ok());
  EXPECT_LT(now() - began, kSecond);
  EXPECT_EQ(nullptr, nobody);
  began = now();
  pair.listener.reset();
  EXPECT_LT(now() - began, 2 * kSecond);
  const Status status = pair.carry(some_bytes());
  EXPECT_TRUE(status.ok()) << status.text();
}

TEST(PluginFaults, AListenThatBlocksIsGivenUp) {
  const Faults faults(TEST_PLUGIN);
  faults->blocks = true;
  const PluginPair pair(TEST_PLUGIN);
  EXPECT_EQ(HAWSER_TIMEOUT, pair.failed.code());
}

TEST(PluginFaults, HandlesAreCarriedUpToTheirLimit) {
  const Faults faults(TEST_PLUGIN);
  faults->handle_bytes = 96;
  PluginPair fits(TEST_PLUGIN);
  EXPECT_TRUE(fits.failed.ok()) << fits.failed.text();
  faults->handle_bytes = 128;
  const PluginPair full(TEST_PLUGIN);
  EXPECT_EQ(HAWSER_UNSUPPORTED, full.failed.code());
}

TEST(PluginFaults, AStrangerIsCountedAndTheNextIsWelcome) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Handle forged = pair.handle;
  forged.bytes[8] ^= 1;  // the token
  std::unique_ptr<Connector> stranger;
  ASSERT_TRUE(pair.transport->connect(0, forged, &stranger).ok());
  std::unique_ptr<Comm> comm;
  ASSERT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&comm).ok());
    return pair.listener->strangers() == 1;
  }));
  EXPECT_EQ(nullptr, comm);
  pair.left.reset();
  pair.right.reset();
  pair.meet();
  EXPECT_TRUE(pair.failed.ok()) << pair.failed.text();
}

TEST(PluginFaults, AQueueOfFragmentsThatIsDamagedBreaksTheLane) {
  const Faults faults(TEST_PLUGIN_UNPACK);
  PluginPair pair(TEST_PLUGIN_UNPACK);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  faults->garbles = true;
  const Status status = pair.carry(some_bytes());
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
  EXPECT_THAT(status.text(), HasSubstr("queue of fragments is damaged"));
}

// What is taken back is freed at once: AddressSanitizer tells who touches it after.
TEST(PluginDetach, ASendThatHasNotBegunIsCopied) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  auto data = std::make_unique<std::vector<unsigned char>>(some_bytes());
  std::vector<unsigned char> copy(kLong);
  Request* send = must_send(*pair.left, data->data(), data->size());
  pair.left->detach(send);
  data.reset();
  Request* receive = must_receive(*pair.right, copy.data(), copy.size());
  size_t bytes = 0;
  const Status status = pair.drive([&] { return pair.right->test(receive, &bytes); });
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(some_bytes(), copy);
}

TEST(PluginDetach, ASendUnderWayBreaksTheLane) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  auto data = std::make_unique<std::vector<unsigned char>>(some_bytes());
  Request* send = must_send(*pair.left, data->data(), data->size());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pair.round().ok());  // nobody receives it, so it stays
  pair.left->detach(send);
  data.reset();
  std::vector<unsigned char> copy(kLong);
  Request* receive = nullptr;
  Status status = pair.right->irecv(copy.data(), copy.size(), nullptr, &receive);
  bool moved = false;
  EXPECT_EQ(HAWSER_LANE_LOST, pair.left->progress(&moved).code());
  until([&] {
    if (status.ok()) status = pair.right->progress(&moved);
    return !status.ok();
  });
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
}

TEST(PluginDetach, AReceiveUnderWayBreaksTheLane) {
  const Faults faults(TEST_PLUGIN);
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  const auto data = some_bytes();
  must_send(*pair.left, data.data(), data.size());
  auto copy = std::make_unique<std::vector<unsigned char>>(kLong);
  Request* receive = must_receive(*pair.right, copy->data(), copy->size());
  bool moved = false;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pair.left->progress(&moved).ok());
    ASSERT_TRUE(pair.right->progress(&moved).ok());
    if (i == 1) faults->frozen = true;
  }
  pair.right->detach(receive);
  copy.reset();
  faults->frozen = false;
  for (int i = 0; i < 100 && pair.left->progress(&moved).ok(); ++i) {
  }
  EXPECT_EQ(HAWSER_LANE_LOST, pair.right->progress(&moved).code());
}

TEST(PluginDetach, AReceiveWhoseMessageIsStillToComeDropsIt) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  const auto data = some_bytes();
  auto dropped = std::make_unique<std::vector<unsigned char>>(kLong);
  Request* receive = must_receive(*pair.right, dropped->data(), dropped->size());
  pair.right->detach(receive);
  dropped.reset();
  Request* send = must_send(*pair.left, data.data(), data.size());
  size_t bytes = 0;
  Status status = pair.drive([&] { return pair.right->test(receive, &bytes); });
  ASSERT_TRUE(status.ok()) << status.text();
  ASSERT_TRUE(pair.drive([&] { return pair.left->test(send, &bytes); }).ok());
  status = pair.carry(some_bytes());
  EXPECT_TRUE(status.ok()) << status.text();
}

TEST(PluginMemory, WhatIsTooLargeForThePluginIsRegisteredByTheMessage) {
  PluginPair pair(TEST_PLUGIN, {.newest_version = 6});
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  Mapping large;
  ASSERT_TRUE(large.allocate(size_t{3} << 30).ok());
  Memory* memory = nullptr;
  ASSERT_TRUE(pair.left->register_memory(large.data(), large.size(), HAWSER_MEMORY_HOST, &memory).ok());
  Request* send = nullptr;
  ASSERT_TRUE(pair.left->isend(large.data() + (size_t{2} << 30), kLong, memory, &send).ok());
  std::vector<unsigned char> copy(kLong, 1);
  Request* receive = must_receive(*pair.right, copy.data(), copy.size());
  size_t bytes = 0;
  const Status status = pair.drive([&] { return pair.right->test(receive, &bytes); });
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(std::vector<unsigned char>(kLong), copy);
  ASSERT_TRUE(pair.drive([&] { return pair.left->test(send, &bytes); }).ok());
  pair.left->deregister_memory(memory);
}

TEST(PluginMemory, OfAGpuIsRefusedAsTheLanesStageIt) {
  PluginPair pair(TEST_PLUGIN);
  ASSERT_TRUE(pair.failed.ok()) << pair.failed.text();
  std::vector<unsigned char> data(100);
  Memory* memory = nullptr;
  const Status status = pair.left->register_memory(data.data(), data.size(), HAWSER_MEMORY_DEVICE, &memory);
  EXPECT_EQ(HAWSER_UNSUPPORTED, status.code());
}

}  // namespace
}  // namespace hawser
