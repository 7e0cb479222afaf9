// What happens to messages whose buffer is taken back, whose peer goes away, or whose lane is slow or silent.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tests/silence.h"

namespace hawser {
namespace {

using testing::HasSubstr;

constexpr size_t kBig = 24 * 1024 * 1024;  // more than the kernel's buffers of one connection hold at once

class SocketLossTest : public testing::TestWithParam<uint32_t> {
 protected:
  static TransportOptions options() { return {GetParam(), HAWSER_OFF}; }
};

TEST_P(SocketLossTest, ADetachedSendLeavesItsBufferAndArrivesWhole) {
  CommPair pair(options());
  auto data = random_bytes(kBig, 4);
  const auto expected = data;
  std::vector<unsigned char> place(kBig);
  Request* receive = must_receive(*pair.right, place.data(), place.size());
  Request* send = must_send(*pair.left, data.data(), data.size());
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  ASSERT_TRUE(moved);
  size_t bytes = 0;
  ASSERT_FALSE(pair.left->test(send, &bytes)) << "the message must still be under way";
  pair.left->detach(send);
  std::fill(data.begin(), data.end(), 0);
  bool sent = false;
  ASSERT_TRUE(until([&] {
    pair.round();
    sent = sent || pair.left->test(send, &bytes);
    return sent && pair.right->test(receive, &bytes);
  }));
  EXPECT_TRUE(place == expected);
  check_next_message(pair);
}

TEST_P(SocketLossTest, ADetachedReceiveLeavesItsBufferAndDropsTheRest) {
  CommPair pair(options());
  const auto data = random_bytes(kBig, 5);
  std::vector<unsigned char> place(kBig);
  Request* receive = must_receive(*pair.right, place.data(), place.size());
  Request* send = must_send(*pair.left, data.data(), data.size());
  ASSERT_TRUE(until([&] {
    pair.round();
    return place[0] != 0 || place[1] != 0 || place[2] != 0;
  }));
  size_t bytes = 0;
  ASSERT_FALSE(pair.right->test(receive, &bytes)) << "the message must still be under way";
  pair.right->detach(receive);
  std::fill(place.begin(), place.end(), 0);
  bool sent = false;
  bool received = false;
  ASSERT_TRUE(until([&] {
    pair.round();
    sent = sent || pair.left->test(send, &bytes);
    received = received || pair.right->test(receive, &bytes);
    return sent && received;
  }));
  EXPECT_EQ(bytes, kBig);
  EXPECT_TRUE(std::all_of(place.begin(), place.end(), [](unsigned char byte) { return byte == 0; }));
  check_next_message(pair);
}

TEST_P(SocketLossTest, APeerThatClosesInMidMessageIsAnErrorThatSaysSo) {
  CommPair pair(options());
  const auto data = random_bytes(kBig, 7);
  std::vector<unsigned char> place(kBig);
  must_receive(*pair.right, place.data(), place.size());
  must_send(*pair.left, data.data(), data.size());
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  pair.left.reset();
  Status status;
  ASSERT_TRUE(until([&] {
    status = pair.right->progress(&moved);
    if (!pair.right->ready()) pair.poller.wait(10 * kMillisecond);
    return !status.ok();
  }));
  EXPECT_EQ(status.code(), HAWSER_LANE_LOST);
  EXPECT_THAT(status.text(), HasSubstr(pair.right->peer_address()));
  EXPECT_THAT(status.text(), HasSubstr("middle of a message"));
  Request* none = nullptr;
  EXPECT_EQ(pair.right->isend(data.data(), 1, nullptr, &none).code(), HAWSER_LANE_LOST) << "and it stays lost";
}

INSTANTIATE_TEST_SUITE_P(Sockets, SocketLossTest, testing::Values(1u, 2u, 4u));

TEST(LateBindingTest, LittleWaitsUnsentInASocketWhosePeerDoesNotRead) {
  CommPair pair;
  const auto data = random_bytes(kBig, 10);
  must_send(*pair.left, data.data(), data.size());
  EXPECT_TRUE(pair.left->ready());
  const int fd = descriptor_of(*pair.left);
  const Nanos deadline = now() + 300 * kMillisecond;
  while (now() < deadline) {
    bool moved = false;
    ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
    pair.poller.wait(10 * kMillisecond);
    int unsent = 0;
    ASSERT_EQ(ioctl(fd, SIOCOUTQNSD, &unsent), 0);
    EXPECT_LE(unsent, 512 * 1024);
  }
  EXPECT_FALSE(pair.left->writable());
}

TEST(CheckAliveTest, APeerThatDoesNotReadIsAlive) {
  CommPair pair;
  const auto data = random_bytes(kBig, 11);
  must_send(*pair.left, data.data(), data.size());
  int user_timeout = -1;
  socklen_t length = sizeof user_timeout;
  ASSERT_EQ(getsockopt(descriptor_of(*pair.left), IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, &length), 0);
  EXPECT_EQ(user_timeout, 0) << "it would end the connection of a peer that reads nothing for so long";
  const Nanos deadline = now() + 1500 * kMillisecond;
  while (now() < deadline) {
    bool moved = false;
    ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
    const Status alive = pair.left->check_alive(250 * kMillisecond);
    ASSERT_TRUE(alive.ok()) << alive.text();
    pair.poller.wait(10 * kMillisecond);
  }
}

TEST(CheckAliveTest, AnIdleConnectionIsAliveAndSoIsOneJustUsedAgain) {
  CommPair pair;
  pair.poller.wait(100 * kMillisecond);
  EXPECT_TRUE(pair.left->check_alive(50 * kMillisecond).ok());
  check_next_message(pair);
  EXPECT_TRUE(pair.left->check_alive(50 * kMillisecond).ok());
}

TEST(CheckAliveTest, APeerWhoseKernelIsSilentIsNot) {
  CommPair pair;
  silence(*pair.right);
  const auto data = random_bytes(1000, 12);
  must_send(*pair.left, data.data(), data.size());
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  const Nanos begin = now();
  Status alive;
  ASSERT_TRUE(until([&] {
    pair.poller.wait(10 * kMillisecond);
    alive = pair.left->check_alive(200 * kMillisecond);
    return !alive.ok();
  }));
  EXPECT_GE(now() - begin, 190 * kMillisecond);
  EXPECT_LT(now() - begin, 2 * kSecond);
  EXPECT_EQ(alive.code(), HAWSER_LANE_LOST);
  EXPECT_THAT(alive.text(), HasSubstr("acknowledged nothing"));
}

TEST(CheckAliveTest, APeerThatFallsSilentWhileItsWindowIsClosedIsNot) {
  CommPair pair;
  const auto data = random_bytes(kBig, 15);
  must_send(*pair.left, data.data(), data.size());
  const auto step = [&] {
    bool moved = false;
    EXPECT_TRUE(CommPair::progress(*pair.left, &moved));
    pair.poller.wait(10 * kMillisecond);
    return pair.left->check_alive(100 * kMillisecond);
  };
  const Nanos deadline = now() + 500 * kMillisecond;
  while (now() < deadline) ASSERT_TRUE(step().ok());
  silence(*pair.right);
  Status alive;
  ASSERT_TRUE(until([&] {
    alive = step();
    return !alive.ok();
  }));
  EXPECT_EQ(alive.code(), HAWSER_LANE_LOST);
}

TEST(ZeroCopyTest, ASendThatTheKernelReadsCannotBeTakenBack) {
  CommPair pair({1, HAWSER_ON});
  const auto data = random_bytes(kBig, 13);
  std::vector<unsigned char> place(data.size());
  must_receive(*pair.right, place.data(), place.size());
  Request* send = must_send(*pair.left, data.data(), data.size());
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  pair.left->detach(send);
  const Status status = pair.left->progress(&moved);
  EXPECT_EQ(status.code(), HAWSER_LANE_LOST);
  ASSERT_TRUE(until([&] {
    pair.poller.wait(10 * kMillisecond);
    return !pair.right->progress(&moved).ok();
  }));
}

TEST(ZeroCopyTest, ASendIsDoneWhenTheKernelHasReadItNotBefore) {
  CommPair pair({1, HAWSER_ON});
  const auto data = random_bytes(512 * 1024, 14);
  std::vector<unsigned char> place(data.size());
  Request* send = must_send(*pair.left, data.data(), data.size());
  bool moved = false;
  size_t bytes = 0;
  // Nobody reads: more is under way than the receiver's kernel takes, so that pages stay in use.
  const Nanos deadline = now() + 100 * kMillisecond;
  std::vector<Request*> more;
  while (now() < deadline) {
    Request* next = nullptr;
    ASSERT_TRUE(pair.left->isend(data.data(), data.size(), nullptr, &next).ok());
    if (next != nullptr) more.push_back(next);
    ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
    pair.poller.wait(kMillisecond);
  }
  ASSERT_FALSE(more.empty());
  size_t received = 0;
  size_t sent = 0;
  Request* receive = nullptr;
  ASSERT_TRUE(until([&] {
    pair.round();
    if (receive == nullptr && received <= more.size()) receive = must_receive(*pair.right, place.data(), place.size());
    if (receive != nullptr && pair.right->test(receive, &bytes)) {
      EXPECT_TRUE(place == data);
      receive = nullptr;
      ++received;
    }
    while (sent <= more.size() && pair.left->test(sent == 0 ? send : more[sent - 1], &bytes)) ++sent;
    return sent == more.size() + 1 && received == sent;
  }));
}

}  // namespace
}  // namespace hawser
