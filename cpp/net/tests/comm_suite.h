// What every comm does, whatever network is below: lengths, order, both directions, detached receives and the end. Each
// network's test instantiates CommSuite with its own kinds.
#pragma once

#include <algorithm>
#include <array>
#include <deque>

#include "net/tests/comm_pair.h"

namespace hawser {

struct CommKind {
  const char* name;
  std::function<std::unique_ptr<Transport>()> make;
  const char* device;
};

// For the names of tests.
inline void PrintTo(const CommKind& kind, std::ostream* out) { *out << kind.name; }
inline std::string name_of(const testing::TestParamInfo<CommKind>& kind) { return kind.param.name; }

class CommSuite : public testing::TestWithParam<CommKind> {
 protected:
  CommPair pair{GetParam().make(), GetParam().device};
};

inline void send_one(CommPair& pair, size_t bytes) {
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

TEST_P(CommSuite, CarriesMessagesOfEveryLength) {
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

TEST_P(CommSuite, CarriesRandomMessagesBothWaysAtOnce) {
  Stream forth(*pair.left, *pair.right, 1, 400);
  Stream back(*pair.right, *pair.left, 2, 400);
  ASSERT_TRUE(until([&] {
    forth.step();
    back.step();
    pair.round();
    return HasFatalFailure() || (forth.done() && back.done());
  }));
}

TEST_P(CommSuite, ALongerMessageThanTheReceiveIsAnError) {
  const auto data = random_bytes(1000, 3);
  std::vector<unsigned char> place(999);
  must_receive(*pair.right, place.data(), place.size());
  must_send(*pair.left, data.data(), data.size());
  Status status;
  ASSERT_TRUE(until([&] {
    bool moved = false;
    EXPECT_TRUE(pair.left->progress(&moved).ok());
    pair.poller.wait(kMillisecond);
    pair.right->expect_input();
    status = pair.right->progress(&moved);
    return !status.ok();
  }));
  EXPECT_EQ(status.code(), HAWSER_TRUNCATED);
  EXPECT_NE(status.text().find("receive of 999"), std::string::npos) << status.text();
}

TEST_P(CommSuite, GivesNoRequestWhenTheWindowIsFullAndAgainLater) {
  std::array<unsigned char, 8> byte{};
  std::vector<Request*> sends;
  for (Request* send = must_send(*pair.left, byte.data(), 1); send != nullptr;) {
    sends.push_back(send);
    ASSERT_LT(sends.size(), 1000u);
    ASSERT_TRUE(pair.left->isend(byte.data(), 1, nullptr, &send).ok());
  }
  EXPECT_GE(sends.size(), 32u);
  size_t bytes = 0;
  size_t done = 0;
  ASSERT_TRUE(until([&] {
    pair.round();
    while (done < sends.size() && pair.left->test(sends[done], &bytes)) ++done;
    return done == sends.size();
  }));
  must_send(*pair.left, byte.data(), 1);
}

TEST_P(CommSuite, AReceiveDetachedBeforeItsMessageDropsIt) {
  const auto data = random_bytes(700'000, 6);
  std::vector<unsigned char> place(data.size(), 0);
  Request* receive = must_receive(*pair.right, place.data(), place.size());
  pair.right->detach(receive);
  Request* send = must_send(*pair.left, data.data(), data.size());
  size_t bytes = 0;
  bool sent = false;
  ASSERT_TRUE(until([&] {
    pair.round();
    sent = sent || pair.left->test(send, &bytes);
    return sent && pair.right->test(receive, &bytes);
  }));
  EXPECT_TRUE(std::all_of(place.begin(), place.end(), [](unsigned char byte) { return byte == 0; }));
  check_next_message(pair);
}

TEST_P(CommSuite, WhatThePeerSaidBeforeItLeftIsReadFirst) {
  const auto data = random_bytes(1000, 8);
  for (int i = 0; i < 3; ++i) must_send(*pair.left, data.data(), data.size());
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  // The end that leaves has unread bytes too: its kernel answers with a reset instead of an orderly end.
  must_send(*pair.right, data.data(), data.size());
  ASSERT_TRUE(CommPair::progress(*pair.right, &moved));
  pair.left.reset();
  must_send(*pair.right, data.data(), data.size());
  std::vector<unsigned char> place(data.size());
  for (int i = 0; i < 3; ++i) {
    Request* receive = must_receive(*pair.right, place.data(), place.size());
    size_t bytes = 0;
    ASSERT_TRUE(until([&] {
      pair.right->expect_input();
      const Status status = pair.right->progress(&moved);
      return pair.right->test(receive, &bytes) || !status.ok();
    }));
    EXPECT_EQ(bytes, data.size()) << "message " << i;
    EXPECT_EQ(place, data);
  }
  ASSERT_TRUE(until([&] {
    if (!pair.right->ready()) pair.poller.wait(kMillisecond);
    pair.right->expect_input();
    return !pair.right->progress(&moved).ok();
  }));
}

}  // namespace hawser
