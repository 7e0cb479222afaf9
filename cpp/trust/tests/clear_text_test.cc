// How far bytes go in the clear: to this machine, and to others where the operator has said so.
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <thread>

#include "net/socket/address.h"
#include "trust/secure_socket.h"

namespace hawser {
namespace {

using ::testing::HasSubstr;

constexpr int kPatienceMillis = 10'000;

// Two ends of a TCP connection over loopback, the end that listens at `listening`, the other at `connecting`.
void connect_ends(const std::string& listening, const std::string& connecting, UniqueFd* left, UniqueFd* right) {
  const SocketAddress at = SocketAddress::parse(listening, 0);
  const SocketAddress from = SocketAddress::parse(connecting, 0);
  const UniqueFd door(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(0, ::bind(door.get(), at.get(), at.length));
  ASSERT_EQ(0, ::listen(door.get(), 1));
  ASSERT_TRUE(make_tcp_socket(from.family(), left).ok());
  ASSERT_EQ(0, ::bind(left->get(), from.get(), from.length));
  const SocketAddress bound = SocketAddress::local_of(door.get());
  ASSERT_TRUE(::connect(left->get(), bound.get(), bound.length) == 0 || errno == EINPROGRESS);
  pollfd knocked{door.get(), POLLIN, 0};
  ASSERT_EQ(1, ::poll(&knocked, 1, kPatienceMillis));
  *right = UniqueFd(::accept4(door.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  ASSERT_TRUE(right->valid());
}

// What both ends say to a connection in the clear.
void expect(const std::string& listening, const std::string& connecting, Clear clear, bool taken) {
  UniqueFd a;
  UniqueFd b;
  connect_ends(listening, connecting, &a, &b);
  SecureSocket left(std::move(a));
  SecureSocket right(std::move(b));
  const Status statuses[] = {left.connect(nullptr, clear, "somewhere"), right.accept(nullptr, clear)};
  const std::string peers[] = {listening, connecting};
  for (size_t end = 0; end < 2; ++end) {
    EXPECT_EQ(taken ? HAWSER_OK : HAWSER_REFUSED, statuses[end].code()) << statuses[end].text();
    if (taken) continue;
    EXPECT_THAT(statuses[end].text(), HasSubstr(peers[end]));
    EXPECT_THAT(statuses[end].text(), HasSubstr("HAWSER_INSECURE=1"));
  }
}

TEST(ClearText, StaysOnThisMachine) {
  for (const Clear clear : {Clear::kThisMachine, Clear::kAnywhere}) expect("127.0.0.1", "127.0.0.2", clear, true);
}

TEST(ClearText, LeavesItWhereTheOperatorSaysSo) {
  bool permitted = false;
  std::thread elsewhere([&] {
    // In a network namespace of this thread's own loopback takes addresses that no device has: those of others.
    permitted = unshare(CLONE_NEWNET) == 0 &&
                std::system("ip link set lo up && ip route add local 198.51.100.0/24 dev lo") == 0;
    if (!permitted) return;
    expect("198.51.100.1", "198.51.100.2", Clear::kThisMachine, false);
    expect("198.51.100.1", "198.51.100.2", Clear::kAnywhere, true);
    expect("127.0.0.1", "127.0.0.2", Clear::kThisMachine, true);
  });
  elsewhere.join();
  if (!permitted) GTEST_SKIP() << "a network namespace of one's own needs CAP_SYS_ADMIN, and the command ip";
}

}  // namespace
}  // namespace hawser
