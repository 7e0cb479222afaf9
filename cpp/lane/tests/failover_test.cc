// Lanes that are lost in mid-transfer: what is under way goes again elsewhere, and the lane comes back.
#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>

#include "lane/bootstrap.h"
#include "lane/tests/faulty_pair.h"
#include "lane/tests/nets.h"
#include "net/socket/wire.h"

namespace hawser::testing {
namespace {

constexpr size_t kChunk = 512 * 1024;

hawser_config quick_config(hawser_lane_loss policy = HAWSER_FAILOVER) {
  hawser_config config = test_config();
  config.rank = 3;
  config.lane_loss = policy;
  config.link_timeout_ns = 700 * kMillisecond;
  config.silence_ns = 150 * kMillisecond;
  return config;
}

// A large message from a to b, one lane of which is broken after its first chunk was acknowledged.
struct Transfer {
  explicit Transfer(FaultyPair& over, size_t bytes = 96 * kChunk)
      : pair(over), data(random_bytes(bytes, 11)), copy(data.size()) {
    receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    send = pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
  }
  bool reaches(uint32_t lane) {
    return pair.drive_until([&] { return pair.a.link->shared()->lane[lane].acked_chunks > 0; });
  }
  void expect_arrival() {
    ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
    EXPECT_EQ(HAWSER_OK, pair.a.completion(send)->code);
    EXPECT_EQ(HAWSER_OK, pair.b.completion(receive)->code);
    EXPECT_EQ(data.size(), pair.b.completion(receive)->bytes);
    EXPECT_TRUE(data == copy);
  }

  FaultyPair& pair;
  std::vector<unsigned char> data;
  std::vector<unsigned char> copy;
  uint64_t receive = 0;
  uint64_t send = 0;
};

// The lane is alive at both ends and carries chunks again.
void expect_back_and_used(FaultyPair& pair, uint32_t lane, Nanos patience = 2 * kSecond) {
  ASSERT_TRUE(pair.drive_until(
      [&] { return pair.a.count(HAWSER_EVENT_LANE_BACK) > 0 && pair.b.count(HAWSER_EVENT_LANE_BACK) > 0; }, patience));
  const uint64_t before = pair.a.link->shared()->lane[lane].acked_chunks;
  Transfer again(pair, 200 * kChunk);
  again.expect_arrival();
  EXPECT_GT(pair.a.link->shared()->lane[lane].acked_chunks, before);
  EXPECT_EQ(4u, pair.living());
}

class Failovers : public ::testing::TestWithParam<Net> {};
// Over libfabric too.
class FailoversEverywhere : public ::testing::TestWithParam<Net> {};

TEST_P(FailoversEverywhere, AResetLaneLosesNothingAndComesBack) {
  FaultyPair pair(over(GetParam(), quick_config()));
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(2));
  pair.wire.lane(2).resets = 1;
  transfer.expect_arrival();
  EXPECT_EQ(1, pair.a.count(HAWSER_EVENT_LANE_LOST));
  EXPECT_EQ(1, pair.b.count(HAWSER_EVENT_LANE_LOST));
  expect_back_and_used(pair, 2, GetParam().slow_to_connect ? kPatience : 2 * kSecond);
}

TEST(Failover, ASocketShutBelowTheLaneLosesNothingAndComesBack) {
  FaultyPair pair(quick_config());
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(1));
  ASSERT_TRUE(shut_socket(*pair.b.link->channels().get_channel(1).comm));
  transfer.expect_arrival();
  expect_back_and_used(pair, 1);
}

TEST_P(Failovers, ASilentLaneIsGivenUpWhileTheOthersAreBusy) {
  FaultyPair pair(over(GetParam(), quick_config()));
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(0));
  pair.wire.lane(0).silent_until = LaneFaults::kUntilTold;
  const Nanos began = now();
  transfer.expect_arrival();
  EXPECT_LT(now() - began, 5 * kSecond);
  EXPECT_EQ(3u, pair.living());
  pair.wire.lane(0).silent_until = 0;
  expect_back_and_used(pair, 0);
}

TEST_P(Failovers, ASilentLaneIsGivenUpThoughMessagesNeverPause) {
  FaultyPair pair(over(GetParam(), quick_config()));
  std::vector<unsigned char> data(2000, 7);
  std::vector<unsigned char> copy(2000);
  pair.wire.lane(3).silent_until = LaneFaults::kUntilTold;
  uint64_t messages = 0;
  // Each message goes somewhere: sooner or later one is on the silent lane, and from then on its time is counted.
  ASSERT_TRUE(pair.drive_until(
      [&] {
        if (messages - static_cast<uint64_t>(pair.b.count(HAWSER_EVENT_RECEIVE_DONE)) < 64) {
          pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
          pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
          ++messages;
        }
        return pair.a.count(HAWSER_EVENT_LANE_LOST) > 0 || pair.living() == 3;
      },
      3 * kSecond));
  pair.wire.lane(3).silent_until = 0;
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.count(HAWSER_EVENT_RECEIVE_DONE) == static_cast<int>(messages); }));
}

TEST_P(Failovers, ALaneThatBreaksWhileItIsGivenAPacketLosesNoRecord) {
  FaultyPair pair(over(GetParam(), quick_config()));
  for (int i = 0; i < 40; ++i) {
    const size_t lane = static_cast<size_t>(i % 4);
    pair.wire.lane(lane).failing_sends = 1;
    std::vector<unsigned char> copy(100);
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    pair.a.driver->send(pair.a.id, 1, "abc", 3);
    ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(receive) != nullptr; }, 2 * kSecond)) << i;
    ASSERT_EQ(HAWSER_OK, pair.b.completion(receive)->code) << pair.b.link->error().text();
    ASSERT_TRUE(pair.drive_until([&] { return pair.living() == 4; }, 2 * kSecond));
  }
}

TEST_P(Failovers, WrongBitsAreCountedAndSentAgain) {
  FaultyPair pair(over(GetParam(), quick_config()));
  for (size_t lane = 0; lane < 4; ++lane) corrupt_payloads(pair.wire.lane(lane), 3);
  Transfer transfer(pair);
  transfer.expect_arrival();
  uint64_t errors = 0;
  for (uint32_t lane = 0; lane < 4; ++lane) errors += pair.b.link->shared()->lane[lane].checksum_errors;
  EXPECT_GE(errors, 3u);
  EXPECT_EQ(4u, pair.living());
  EXPECT_EQ(0, pair.a.count(HAWSER_EVENT_LANE_LOST));
}

TEST_P(Failovers, AWrongBitInAPacketCostsTheLaneButNoMessage) {
  FaultyPair pair(over(GetParam(), quick_config()));
  std::vector<unsigned char> copy(9);
  pair.wire.lane(0).flips = 1;
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
  pair.a.driver->send(pair.a.id, 1, "abcdefghi", 9);
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(receive) != nullptr; }));
  EXPECT_EQ('i', copy[8]);
  expect_back_and_used(pair, 0);
}

TEST_P(Failovers, AnEagerMessageSurvivesTheLossOfItsLane) {
  FaultyPair pair(over(GetParam(), quick_config()));
  const auto data = random_bytes(50'000, 5);
  std::vector<unsigned char> copy(data.size());
  pair.wire.lane(0).paused_until =
      LaneFaults::kUntilTold;  // the first packet of records goes to lane 0 and stays there
  for (uint32_t lane = 1; lane < 4; ++lane) pair.wire.lane(lane).paused_until = LaneFaults::kUntilTold;
  pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
  pair.drive_until([] { return false; }, 20 * kMillisecond);
  for (uint32_t lane = 0; lane < 4; ++lane) pair.wire.lane(lane).paused_until = 0;
  pair.wire.lane(0).failing_sends = 2;
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(receive) != nullptr; }));
  EXPECT_TRUE(data == copy);
}

TEST_P(Failovers, AllLanesLostFailsTheLinkInTime) {
  FaultyPair pair(over(GetParam(), quick_config()));
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(0));
  for (size_t lane = 0; lane < 4; ++lane) pair.wire.lane(lane).silent_until = LaneFaults::kUntilTold;
  const Nanos began = now();
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(transfer.send) != nullptr; }));
  EXPECT_LT(now() - began, 1500 * kMillisecond);
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.a.completion(transfer.send)->code);
  // The receiver has nothing under way that its peer could fail to acknowledge, and finds out all the same.
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(transfer.receive) != nullptr; }));
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.b.completion(transfer.receive)->code);
  EXPECT_EQ(1, pair.a.count(HAWSER_EVENT_LINK_FAILED));
  EXPECT_EQ(uint32_t{HAWSER_LINK_DEAD}, pair.a.link->shared()->state);
  EXPECT_THAT(pair.a.link->error().text(), ::testing::HasSubstr("lane 3"));
  EXPECT_EQ(3, pair.a.link->error().rank());
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.a.await(pair.a.driver->send(pair.a.id, 1, "x", 1)));
}

TEST_P(Failovers, AnIdleLinkFindsOutThatItsPeerIsSilent) {
  FaultyPair pair(over(GetParam(), quick_config()));
  for (size_t lane = 0; lane < 4; ++lane) pair.wire.lane(lane).silent_until = LaneFaults::kUntilTold;
  const Nanos began = now();
  ASSERT_TRUE(pair.drive_until(
      [&] { return pair.a.count(HAWSER_EVENT_LINK_FAILED) > 0 && pair.b.count(HAWSER_EVENT_LINK_FAILED) > 0; }));
  EXPECT_LT(now() - began, 6 * kSecond);
}

TEST_P(Failovers, APeerThatDoesNothingForAWhileIsNotDead) {
  FaultyPair pair(over(GetParam(), quick_config()));
  pair.a.drive_until([] { return false; }, 3 * kSecond);  // b stands still, as a process that is stopped
  EXPECT_EQ(4u, pair.living());
  EXPECT_EQ(0, pair.a.count(HAWSER_EVENT_LANE_LOST));
  Transfer transfer(pair, 10 * kChunk);
  transfer.expect_arrival();
  EXPECT_EQ(0, pair.b.count(HAWSER_EVENT_LANE_LOST));
}

TEST_P(Failovers, ALinkThatIsIdleOutlivesTheLossOfAllLanesWhenTheyComeBack) {
  FaultyPair pair(over(GetParam(), quick_config()));
  for (size_t lane = 0; lane < 4; ++lane) pair.wire.lane(lane).resets = 1;
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.count(HAWSER_EVENT_LANE_BACK) == 4; }, 3 * kSecond));
  EXPECT_EQ(0, pair.a.count(HAWSER_EVENT_LINK_FAILED));
  Transfer transfer(pair, 10 * kChunk);
  transfer.expect_arrival();
}

TEST_P(Failovers, ALostLaneFailsTheLinkAtOnceAndIsNamed) {
  FaultyPair pair(over(GetParam(), quick_config(HAWSER_FAIL_FAST)));
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(2));
  pair.wire.lane(2).resets = 1;
  const Nanos began = now();
  ASSERT_TRUE(
      pair.drive_until([&] { return pair.a.completion(transfer.send) && pair.b.completion(transfer.receive); }));
  EXPECT_LT(now() - began, kSecond);
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.a.completion(transfer.send)->code);
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.b.completion(transfer.receive)->code);
  hawser_error error{};
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.a.link->error().write_to(&error));
  EXPECT_EQ(3, error.rank);
  EXPECT_EQ(2, error.lane);
  EXPECT_EQ(pair.a.link->channels().get_channel(2).device, error.device);
  EXPECT_THAT(error.text, ::testing::HasSubstr("fail-fast"));
}

TEST_P(Failovers, ACancelledMessageWhoseAnnouncementIsLateFailsItsReceive) {
  FaultyPair pair(over(GetParam(), quick_config()));
  const auto data = random_bytes(4 * kChunk, 5);
  std::vector<unsigned char> copy(data.size());
  // The announcement is stuck on lane 0, the word of its end is faster on another lane.
  pair.a.driver->send(pair.a.id, 2, "first", 5);
  const uint64_t send = pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.link->shared()->lane[0].sent_messages > 0; }));
  for (size_t lane = 0; lane < 4; ++lane) pair.wire.lane(lane).resets = lane == 0 ? 1 : 0;
  pair.a.driver->cancel(pair.a.id, send);
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
  pair.a.driver->send(pair.a.id, 1, "later", 5);
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
  EXPECT_EQ(HAWSER_CANCELLED, pair.a.completion(send)->code);
}

TEST_P(Failovers, APeerThatIsKilledFailsTheLinkSoon) {
  FaultyPair pair(over(GetParam(), quick_config()));
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(0));
  // Its sockets and listeners go without a word, as a killed process's do.
  pair.b.engine.detach(pair.b.link.get());
  pair.b.link.reset();
  const Nanos began = now();
  EXPECT_EQ(HAWSER_LINK_FAILED, pair.a.await(transfer.send));
  EXPECT_LT(now() - began, 2 * kSecond);
  EXPECT_EQ(1, pair.a.count(HAWSER_EVENT_LINK_FAILED));
}

TEST_P(Failovers, AnIdlePeerThatIsKilledFailsTheLinkSoon) {
  FaultyPair pair(over(GetParam(), quick_config()));
  pair.b.engine.detach(pair.b.link.get());
  pair.b.link.reset();
  const Nanos began = now();
  EXPECT_TRUE(pair.a.drive_until([&] { return pair.a.count(HAWSER_EVENT_LINK_FAILED) > 0; }));
  EXPECT_LT(now() - began, 3 * kSecond);
}

TEST(Failover, StrangersOnLanePortsAreCountedAndDisturbNothing) {
  FaultyPair pair(quick_config());
  Transfer transfer(pair);
  ASSERT_TRUE(transfer.reaches(0));
  const auto garbage = random_bytes(4096, 77);
  std::vector<int> strangers;
  for (int i = 0; i < 40; ++i) {
    uint16_t port = 0;
    std::memcpy(&port, read_handle(pair.b.link->channels().get_channel(i % 4).handle).port, sizeof(port));
    int fd = -1;
    ASSERT_TRUE(bootstrap_client_connect("127.0.0.1", ntohs(port), now() + kSecond, &fd).ok());
    if (i % 2 == 0) {
      EXPECT_GT(::send(fd, garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);
    }
    strangers.push_back(fd);
    pair.drive_until([] { return true; });
  }
  transfer.expect_arrival();
  EXPECT_TRUE(pair.drive_until([&] { return pair.b.link->channels().strangers() >= 20; }, 3 * kSecond));
  EXPECT_EQ(0, pair.a.count(HAWSER_EVENT_LANE_LOST));
  EXPECT_EQ(4u, pair.living());
  for (const int fd : strangers) ::close(fd);
}

INSTANTIATE_TEST_SUITE_P(All, FailoversEverywhere, ::testing::ValuesIn(nets_of_links()),
                         [](const auto& net) { return net.param.name; });
INSTANTIATE_TEST_SUITE_P(All, Failovers, ::testing::ValuesIn(kNets), [](const auto& net) { return net.param.name; });

}  // namespace
}  // namespace hawser::testing
