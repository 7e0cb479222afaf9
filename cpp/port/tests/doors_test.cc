// A peer that goes before the two are joined, and visitors who never say what they want.
#include "port/doors.h"

#include <sys/socket.h>

#include "lane/bootstrap.h"
#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::kPatience;
using testing::soon;

constexpr uint64_t kMine = 1;
constexpr uint64_t kTheirs = 2;

// Where the peer is, and whether this side knocks or awaits the peer's knock.
struct Case {
  const char* name;
  bool near;
  bool knocks;
};

class AbsentPeer : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { ASSERT_TRUE(doors_.open(0, "127.0.0.1", nullptr, Clear::kThisMachine).ok()); }

  // The context of a peer that is gone. Names are random, and the smaller one knocks.
  Origin absent() const {
    Origin peer;
    do {
      Doors doors;
      EXPECT_TRUE(doors.open(1, "127.0.0.1", nullptr, Clear::kThisMachine).ok());
      peer = doors.origin();
    } while ((doors_.origin().id < peer.id) != GetParam().knocks);
    if (!GetParam().near) peer.host = "another";
    return peer;
  }

  Doors doors_;
};

TEST_P(AbsentPeer, IsNotAwaitedToTheDeadline) {
  const Nanos begin = now();
  std::unique_ptr<Control> control;
  const Status status = doors_.join(kMine, absent(), kTheirs, soon(), &control);
  EXPECT_EQ(status.code(), HAWSER_REFUSED) << status.text();
  EXPECT_EQ(status.rank(), 1);
  EXPECT_LT(now() - begin, kPatience / 2);
}

INSTANTIATE_TEST_SUITE_P(Doors, AbsentPeer,
                         ::testing::Values(Case{"NearKnocking", true, true}, Case{"NearAwaiting", true, false},
                                           Case{"FarKnocking", false, true}, Case{"FarAwaiting", false, false}),
                         [](const auto& test) { return test.param.name; });

class Visitors : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(doors_.open(0, "127.0.0.1", nullptr, Clear::kThisMachine).ok()); }

  UniqueFd visit() {
    int fd = -1;
    const Status status = bootstrap_client_connect("127.0.0.1", doors_.origin().port, soon(), &fd);
    EXPECT_TRUE(status.ok()) << status.text();
    return UniqueFd(fd);
  }

  // Serves the doors, as a context's thread does, until the visitor was sent away. How long that took.
  Nanos serve_until_gone(const UniqueFd& visitor) {
    const Nanos begin = now();
    char byte = 0;
    while (::recv(visitor.get(), &byte, 1, MSG_DONTWAIT) < 0 && now() < begin + kPatience) {
      (void)doors_.dismiss();
      doors_.watches().wait(10 * kMillisecond);
    }
    return now() - begin;
  }

  Doors doors_;
};

TEST_F(Visitors, AreSentAwayWhenTheyDoNotKnock) {
  const UniqueFd silent = visit();
  const UniqueFd slow = visit();
  ASSERT_EQ(::send(slow.get(), "HW", 2, MSG_NOSIGNAL), 2);
  EXPECT_GE(serve_until_gone(silent), kSecond);
  EXPECT_LT(serve_until_gone(slow), kPatience);
  EXPECT_LT(doors_.dismiss(), 0);
}

TEST_F(Visitors, PushOutTheOldestWhenTheyAreACrowd) {
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 65; ++i) crowd.push_back(visit());
  EXPECT_LT(serve_until_gone(crowd.front()), kPatience);
  char byte = 0;
  EXPECT_LT(::recv(crowd.back().get(), &byte, 1, MSG_DONTWAIT), 0);
}

}  // namespace
}  // namespace hawser::port
