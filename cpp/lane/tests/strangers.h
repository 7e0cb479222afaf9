// Those who come to a bootstrap port and are no party.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "lane/bootstrap.h"
#include "lane/tests/party.h"

namespace hawser::testing {

// `count` strangers come first, some silent, some talking, some half closed: the party is not delayed, they are
// counted.
inline void meet_behind_strangers(Party& a, Party& b, int count) {
  Listener listener(b.engine);
  ASSERT_TRUE(listener.open("127.0.0.1", 0).ok());
  std::vector<UniqueFd> strangers;
  for (int i = 0; i < count; ++i) {
    int fd = -1;
    ASSERT_TRUE(bootstrap_client_connect("127.0.0.1", listener.port(), now() + kSecond, &fd).ok());
    if (i % 2 == 0) {
      EXPECT_EQ(18, ::send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL));
    }
    if (i % 3 == 0) ::shutdown(fd, SHUT_WR);
    strangers.emplace_back(fd);
  }
  std::thread accepting([&] { EXPECT_TRUE(listener.accept(kPatience, &b.link).ok()); });
  const Nanos began = now();
  const Status status = connect_link(a.engine, "127.0.0.1", listener.port(), 8 * kSecond, &a.link);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_LT(now() - began, 5 * kSecond);
  accepting.join();
  EXPECT_GE(listener.strangers(), static_cast<uint64_t>(count / 2));
}

// A party comes first, and a crowd behind it, before the listener looks: it sends away who came first, and the party
// comes again.
inline void push_out_and_meet(Party& a, Party& b) {
  constexpr int kCrowd = 70;
  Listener listener(b.engine);
  ASSERT_TRUE(listener.open("127.0.0.1", 0).ok());
  Status status;
  std::thread coming([&] { status = connect_link(a.engine, "127.0.0.1", listener.port(), kPatience, &a.link); });
  pollfd first{listener.fd(), POLLIN, 0};
  EXPECT_EQ(1, ::poll(&first, 1, static_cast<int>(kPatience / kMillisecond)));
  std::vector<UniqueFd> strangers;
  for (int i = 0; i < kCrowd; ++i) {
    int fd = -1;
    EXPECT_TRUE(bootstrap_client_connect("127.0.0.1", listener.port(), now() + kSecond, &fd).ok());
    strangers.emplace_back(fd);
  }
  EXPECT_TRUE(listener.accept(kPatience, &b.link).ok());
  coming.join();
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_GT(listener.strangers(), 1u);
}

}  // namespace hawser::testing
