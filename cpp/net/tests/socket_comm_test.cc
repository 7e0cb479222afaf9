// Messages over one comm: lengths, order, both directions, one and several connections a lane, with and without zero
// copy.
#include <algorithm>
#include <array>
#include <deque>

#include "net/tests/comm_pair.h"

namespace hawser {
namespace {

struct Kind {
  uint32_t sockets;
  uint32_t zerocopy;
};

class SocketCommTest : public testing::TestWithParam<Kind> {
 protected:
  static TransportOptions options() { return {GetParam().sockets, GetParam().zerocopy}; }
};

void send_one(CommPair& pair, size_t bytes) {
  const auto data = random_bytes(bytes, static_cast<uint32_t>(bytes));
  std::vector<unsigned char> place(bytes + 16, 0);
  Request* receive = must_receive(*pair.right, place.data(), place.size());
  Request* send = must_send(*pair.left, data.data(), bytes);
  size_t sent = ~size_t{0};
  size_t received = ~size_t{0};
  bool send_done = false;
  bool receive_done = false;
  ASSERT_TRUE(until([&] {
    pair.round();
    send_done = send_done || pair.left->test(send, &sent);
    receive_done = receive_done || pair.right->test(receive, &received);
    return send_done && receive_done;
  })) << bytes;
  EXPECT_EQ(sent, bytes);
  EXPECT_EQ(received, bytes);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), place.begin())) << bytes;
  for (size_t i = bytes; i < place.size(); ++i) EXPECT_EQ(place[i], 0) << "written past the message";
}

TEST_P(SocketCommTest, CarriesMessagesOfEveryLength) {
  CommPair pair(options());
  for (const size_t bytes : {0u, 1u, 7u, 8u, 9u, 4087u, 4088u, 4089u, 4096u, 65535u, 65536u, 65537u, 131071u, 131072u,
                             262143u, 262144u, 262145u, 524288u, 5000001u}) {
    send_one(pair, bytes);
  }
}

// A stream of messages of random lengths in one direction, as many at a time as fit.
class Stream {
 public:
  Stream(Comm& from, Comm& to, uint32_t seed, int messages)
      : from_(from), to_(to), data_(random_bytes(kLongest * 2, seed)), random_(seed), left_(messages) {}

  bool done() const { return left_ == 0 && sends_.empty() && expected_.empty(); }

  void step() {
    while (left_ > 0) {
      const Message next{random_() % kLongest, random_() % 3 == 0 ? random_() % kLongest : random_() % 3000};
      Request* send = nullptr;
      ASSERT_TRUE(from_.isend(data_.data() + next.offset, next.bytes, nullptr, &send).ok());
      if (send == nullptr) break;
      sends_.push_back(send);
      expected_.push_back(next);
      --left_;
    }
    // Receives are posted late and few, so that messages arrive before them too.
    while (receives_.size() < 3 && receives_.size() < expected_.size()) {
      places_.emplace_back(kLongest, 0);
      receives_.push_back(must_receive(to_, places_.back().data(), kLongest));
    }
    size_t bytes = 0;
    while (!sends_.empty() && from_.test(sends_.front(), &bytes)) sends_.pop_front();
    while (!receives_.empty() && to_.test(receives_.front(), &bytes)) {
      ASSERT_EQ(bytes, expected_.front().bytes);
      ASSERT_EQ(std::memcmp(places_.front().data(), data_.data() + expected_.front().offset, bytes), 0);
      receives_.pop_front();
      expected_.pop_front();
      places_.pop_front();
    }
  }

 private:
  static constexpr size_t kLongest = 700'000;
  struct Message {
    size_t offset;
    size_t bytes;
  };
  Comm& from_;
  Comm& to_;
  std::vector<unsigned char> data_;
  std::mt19937 random_;
  int left_;
  std::deque<Request*> sends_;
  std::deque<Request*> receives_;
  std::deque<Message> expected_;
  std::deque<std::vector<unsigned char>> places_;
};

TEST_P(SocketCommTest, CarriesRandomMessagesBothWaysAtOnce) {
  CommPair pair(options());
  Stream forth(*pair.left, *pair.right, 1, 400);
  Stream back(*pair.right, *pair.left, 2, 400);
  ASSERT_TRUE(until([&] {
    forth.step();
    back.step();
    pair.round();
    return HasFatalFailure() || (forth.done() && back.done());
  }));
}

TEST_P(SocketCommTest, ALongerMessageThanTheReceiveIsAnError) {
  CommPair pair(options());
  const auto data = random_bytes(1000, 3);
  std::vector<unsigned char> place(999);
  must_receive(*pair.right, place.data(), place.size());
  must_send(*pair.left, data.data(), data.size());
  Status status;
  ASSERT_TRUE(until([&] {
    bool moved = false;
    EXPECT_TRUE(pair.left->progress(&moved).ok());
    pair.poller.wait(kMillisecond);
    status = pair.right->progress(&moved);
    return !status.ok();
  }));
  EXPECT_EQ(status.code(), HAWSER_TRUNCATED);
  EXPECT_NE(status.text().find("1000 bytes"), std::string::npos) << status.text();
}

TEST_P(SocketCommTest, GivesNoRequestWhenTheWindowIsFullAndAgainLater) {
  CommPair pair(options());
  std::array<unsigned char, 8> byte{};
  std::vector<Request*> sends;
  for (Request* send = must_send(*pair.left, byte.data(), 1); send != nullptr;) {
    sends.push_back(send);
    ASSERT_LT(sends.size(), 1000u);
    ASSERT_TRUE(pair.left->isend(byte.data(), 1, nullptr, &send).ok());
  }
  EXPECT_GE(sends.size(), 32u);
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  size_t bytes = 0;
  for (Request* send : sends) EXPECT_TRUE(pair.left->test(send, &bytes));
  must_send(*pair.left, byte.data(), 1);
}

std::string name_of(const testing::TestParamInfo<Kind>& kind) {
  static constexpr std::array<const char*, 3> kModes = {"Auto", "ZeroCopy", "Copy"};
  return std::to_string(kind.param.sockets) + "Sockets" + kModes.at(kind.param.zerocopy);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SocketCommTest,
                         testing::Values(Kind{1, HAWSER_OFF}, Kind{2, HAWSER_OFF}, Kind{4, HAWSER_OFF},
                                         Kind{1, HAWSER_ON}, Kind{4, HAWSER_ON}, Kind{1, HAWSER_AUTO}),
                         name_of);

}  // namespace
}  // namespace hawser
