// Messages between two parties over four loopback lanes: every size, every order, cancelled and truncated.
#include <algorithm>

#include "lane/tests/nets.h"

namespace hawser::testing {
namespace {

constexpr size_t kChunk = 512 * 1024;

class Links : public ::testing::TestWithParam<Net> {};
class Sizes : public ::testing::TestWithParam<std::tuple<Net, size_t>> {};

TEST_P(Sizes, ArriveAsTheyWereSent) {
  const auto& [net, bytes] = GetParam();
  Pair pair(over(net));
  const auto data = random_bytes(bytes, bytes);
  std::vector<unsigned char> copy(data.size() + 1, 0);
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 7, copy.data(), copy.size());
  const uint64_t send = pair.a.driver->send(pair.a.id, 7, data.data(), data.size());
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
  EXPECT_EQ(HAWSER_OK, pair.a.completion(send)->code);
  EXPECT_EQ(HAWSER_OK, pair.b.completion(receive)->code);
  EXPECT_EQ(data.size(), pair.b.completion(receive)->bytes);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), copy.begin()));
  EXPECT_EQ(0, copy.back());
}

INSTANTIATE_TEST_SUITE_P(All, Sizes,
                         ::testing::Combine(::testing::ValuesIn(nets_of_links()),
                                            ::testing::Values(0, 1, 7, 8, 8192, 33791, 33792, 33793, 65535, 65536,
                                                              65537, kChunk - 1, kChunk, kChunk + 1, 1299709,
                                                              10 * kChunk, 10 * kChunk + 3, 64u << 20)),
                         [](const auto& size) {
                           return std::string(std::get<0>(size.param).name) + "_" +
                                  std::to_string(std::get<1>(size.param));
                         });
INSTANTIATE_TEST_SUITE_P(All, Links, ::testing::ValuesIn(nets_of_links()),
                         [](const auto& net) { return net.param.name; });

TEST_P(Links, DeliversMessagesOfOneTagInTheirOrderWhicheverCameFirst) {
  Pair pair(over(GetParam()));
  std::mt19937 random(5);
  std::vector<std::vector<unsigned char>> sent;
  std::vector<std::vector<unsigned char>> got;
  std::vector<uint64_t> sends;
  std::vector<uint64_t> receives;
  for (size_t i = 0; i < 400; ++i) {
    const size_t kind = random() % 4;
    const size_t bytes = kind == 0 ? random() % 100 : kind == 1 ? 20'000 + random() % 40'000 : random() % 900'000;
    sent.push_back(random_bytes(bytes, i));
    got.emplace_back(bytes + 16);
  }
  for (size_t i = 0; i < sent.size(); ++i) {
    const uint64_t tag = i % 3;
    sends.push_back(pair.a.driver->send(pair.a.id, tag, sent[i].data(), sent[i].size()));
    // Some messages find their receive waiting, some come before it.
    if (i % 2 == 0) pair.a.driver->drive(0, 0);
    if (i % 5 == 0) pair.b.driver->drive(0, 0);
    receives.push_back(pair.b.driver->receive(pair.b.id, tag, got[i].data(), got[i].size()));
  }
  ASSERT_TRUE(pair.drive_until(
      [&] { return pair.b.count(HAWSER_EVENT_RECEIVE_DONE) == 400 && pair.a.count(HAWSER_EVENT_SEND_DONE) == 400; }));
  for (size_t i = 0; i < sent.size(); ++i) {
    ASSERT_EQ(sent[i].size(), pair.b.completion(receives[i])->bytes) << i;
    ASSERT_TRUE(std::equal(sent[i].begin(), sent[i].end(), got[i].begin())) << i;
  }
}

TEST_P(Links, AMessageLongerThanItsReceiveFailsBothAndHarmsNothingElse) {
  for (const size_t bytes : {size_t{100}, size_t{40'000}, 4 * kChunk}) {
    Pair pair(over(GetParam()));
    const auto data = random_bytes(bytes, 1);
    std::vector<unsigned char> copy(50, 0xee);
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), 49);
    const uint64_t send = pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
    ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
    EXPECT_EQ(HAWSER_TRUNCATED, pair.b.completion(receive)->code);
    EXPECT_EQ(bytes, pair.b.completion(receive)->bytes);
    EXPECT_EQ(0xee, copy[0]);
    const uint64_t next = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    pair.a.driver->send(pair.a.id, 1, data.data(), 50);
    ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(next) != nullptr; }));
    EXPECT_EQ(HAWSER_OK, pair.b.completion(next)->code);
  }
}

TEST_P(Links, ACancelledReceiveLeavesItsMemoryAlone) {
  Pair pair(over(GetParam()));
  const auto data = random_bytes(64 * kChunk, 3);
  auto copy = std::make_unique<std::vector<unsigned char>>(data.size());
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy->data(), copy->size());
  const uint64_t send = pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.link->shared()->lane[0].acked_chunks > 0; }));
  pair.b.driver->cancel(pair.b.id, receive);
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(receive) != nullptr; }));
  EXPECT_EQ(HAWSER_CANCELLED, pair.b.completion(receive)->code);
  copy.reset();  // ASan tells if a lane still writes there
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) != nullptr; }));
  EXPECT_EQ(HAWSER_CANCELLED, pair.a.completion(send)->code);
  std::vector<unsigned char> after(3);
  const uint64_t next = pair.b.driver->receive(pair.b.id, 1, after.data(), after.size());
  pair.a.driver->send(pair.a.id, 1, "abc", 3);
  ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(next) != nullptr; }));
  EXPECT_EQ('b', after[1]);
}

TEST_P(Links, ACancelledSendFreesItsMemoryAndFailsTheReceive) {
  for (const size_t bytes : {size_t{40'000}, 64 * kChunk}) {
    Pair pair(over(GetParam()));
    auto data = std::make_unique<std::vector<unsigned char>>(random_bytes(bytes, 3));
    std::vector<unsigned char> copy(bytes);
    const uint64_t send = pair.a.driver->send(pair.a.id, 1, data->data(), data->size());
    pair.a.driver->drive(0, 0);
    pair.a.driver->cancel(pair.a.id, send);
    ASSERT_TRUE(pair.a.drive_until([&] { return pair.a.completion(send) != nullptr; }));
    const bool in_time = pair.a.completion(send)->code == HAWSER_CANCELLED;
    data.reset();
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    const uint64_t second = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    pair.a.driver->send(pair.a.id, 1, "xy", 2);
    ASSERT_TRUE(pair.drive_until([&] {
      return pair.b.completion(receive) && (pair.b.completion(receive)->code == HAWSER_OK || pair.b.completion(second));
    }));
    if (!in_time) {
      EXPECT_EQ(HAWSER_OK, pair.b.completion(receive)->code);
    }
  }
}

TEST_P(Links, UnexpectedMessagesWaitWithinTheCreditAndAllArrive) {
  Pair pair(over(GetParam()));
  const auto data = random_bytes(8000, 9);
  constexpr int kMessages = 3000;  // 24 MB of messages without a receive against 4 MiB of credit
  std::vector<uint64_t> sends;
  for (int i = 0; i < kMessages; ++i) {
    uint64_t op = 0;
    while ((op = pair.a.driver->send(pair.a.id, 4, data.data(), data.size())) == 0) pair.a.driver->drive(0, 0);
  }
  pair.drive_until([] { return false; }, 300 * kMillisecond);
  EXPECT_LT(pair.a.count(HAWSER_EVENT_SEND_DONE), 700);
  EXPECT_GT(pair.a.count(HAWSER_EVENT_SEND_DONE), 400);
  std::vector<unsigned char> copy(8000);
  for (int i = 0; i < kMessages; ++i) {
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 4, copy.data(), copy.size());
    ASSERT_TRUE(pair.drive_until([&] { return pair.b.completion(receive) != nullptr; })) << i;
    pair.b.events.clear();
  }
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.count(HAWSER_EVENT_SEND_DONE) == kMessages; }));
  EXPECT_EQ(data, copy);
}

TEST_P(Links, MessagesThatNobodyReceivesDoNotHoldUpThoseThatSomebodyWaitsFor) {
  Pair pair(over(GetParam()));
  const auto data = random_bytes(8000, 9);
  for (int i = 0; i < 700; ++i) {  // more than the credit
    while (pair.a.driver->send(pair.a.id, 4, data.data(), data.size()) == 0) pair.a.driver->drive(0, 0);
  }
  const uint64_t empty = pair.a.driver->send(pair.a.id, 5, nullptr, 0);
  const uint64_t small = pair.a.driver->send(pair.a.id, 5, data.data(), 5);
  const uint64_t eager = pair.a.driver->send(pair.a.id, 5, data.data(), 8000);
  std::vector<unsigned char> copy(8000);
  std::vector<uint64_t> receives;
  for (int i = 0; i < 3; ++i) receives.push_back(pair.b.driver->receive(pair.b.id, 5, copy.data(), copy.size()));
  // Over several lanes the last of them may be complete first.
  const auto all_received = [&] {
    return std::all_of(receives.begin(), receives.end(), [&](uint64_t id) { return pair.b.completion(id) != nullptr; });
  };
  std::thread receiver([&] { pair.b.drive_until(all_received); });
  EXPECT_EQ(HAWSER_OK, pair.a.await(empty));
  EXPECT_EQ(HAWSER_OK, pair.a.await(small));
  EXPECT_EQ(HAWSER_OK, pair.a.await(eager));
  receiver.join();
  ASSERT_TRUE(all_received());
  EXPECT_EQ(5u, pair.b.completion(receives[1])->bytes);
  EXPECT_EQ(data, copy);
}

TEST_P(Links, AClosedLinkEndsTheOtherEndInOrder) {
  Pair pair(over(GetParam()));
  std::vector<unsigned char> first(5);
  std::vector<unsigned char> never(5);
  EXPECT_EQ(HAWSER_OK, pair.a.await(pair.a.driver->send(pair.a.id, 1, "hello", 5)));
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.link->shared()->unacknowledged == 0; }));
  pair.a.link->close();
  ASSERT_TRUE(pair.b.drive_until([&] { return pair.b.count(HAWSER_EVENT_LINK_CLOSED) == 1; }));
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, first.data(), first.size());
  EXPECT_EQ(HAWSER_OK, pair.b.await(receive));
  EXPECT_EQ(HAWSER_CLOSED, pair.b.await(pair.b.driver->receive(pair.b.id, 1, never.data(), never.size())));
  EXPECT_EQ(HAWSER_CLOSED, pair.b.await(pair.b.driver->send(pair.b.id, 1, "x", 1)));
  EXPECT_EQ(0, pair.b.count(HAWSER_EVENT_LANE_LOST));
}

TEST_P(Links, WhatWasReceivedIsAcknowledgedByAPeerThatClosesAtOnce) {
  const int repeats = GetParam().slow_to_connect ? 3 : 30;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    Pair pair(over(GetParam()));
    const auto data = random_bytes(8 * kChunk, 5);
    std::vector<unsigned char> copy(data.size());
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
    const uint64_t send = pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
    std::thread receiver([&] {
      EXPECT_EQ(HAWSER_OK, pair.b.await(receive));
      pair.b.link->close();
    });
    EXPECT_EQ(HAWSER_OK, pair.a.await(send)) << "repeat " << repeat;
    receiver.join();
    EXPECT_EQ(data, copy);
  }
}

TEST_P(Links, NeverHasMoreThanTheWindowInFlight) {
  Pair pair(over(GetParam()));
  const auto data = random_bytes(200 * kChunk, 3);
  std::vector<unsigned char> copy(data.size());
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 1, copy.data(), copy.size());
  pair.a.driver->send(pair.a.id, 1, data.data(), data.size());
  uint64_t most = 0;
  ASSERT_TRUE(pair.drive_until([&] {
    for (uint32_t lane = 0; lane < 4; ++lane) {
      const hawser_lane_state& state = pair.a.link->shared()->lane[lane];
      most = std::max(most, state.submitted_chunks - state.acked_chunks - state.returned_chunks);
    }
    return pair.b.completion(receive) != nullptr;
  }));
  EXPECT_LE(most, uint64_t{HAWSER_WINDOW});
  EXPECT_GE(most, 1u);
  EXPECT_EQ(data, copy);
}

}  // namespace
}  // namespace hawser::testing
