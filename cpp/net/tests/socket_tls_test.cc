// The socket transport's comms, encrypted: what every comm does, lanes of one and of several connections that come
// back, and those who have no business at a listener.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "net/socket/address.h"
#include "net/socket/wire.h"
#include "net/tests/comm_suite.h"
#include "tests/authority.h"

namespace hawser {
namespace {

using testing::HasSubstr;

// One identity serves both ends. Kept to the end.
std::shared_ptr<Identity> test_identity() {
  static const std::shared_ptr<Identity> identity = [] {
    const Authority authority;
    std::shared_ptr<Identity> made;
    const Status status = Identity::open(authority.config(authority.issue("both", "DNS:both")), &made);
    EXPECT_TRUE(status.ok()) << status.text();
    return made;
  }();
  return identity;
}

TransportOptions encrypted(uint32_t sockets) {
  TransportOptions options;
  options.sockets_per_lane = sockets;
  options.identity = test_identity();
  return options;
}

CommKind kind(const char* name, uint32_t sockets) {
  return {name, [sockets] { return make_socket_transport({loopback()}, encrypted(sockets)); }, "lo"};
}

INSTANTIATE_TEST_SUITE_P(Tls, CommSuite, testing::Values(kind("One", 1), kind("Two", 2), kind("Sixteen", 16)), name_of);

TEST(TlsLane, ComesBackToItsListener) {
  CommPair pair(encrypted(4));
  for (int i = 0; i < 5; ++i) {
    check_next_message(pair);
    pair.meet();
  }
  check_next_message(pair);
}

UniqueFd intrude(const Handle& handle) {
  const HandleWire wire = read_handle(handle);
  uint16_t port = 0;
  std::memcpy(&port, wire.port, sizeof port);
  const SocketAddress address = SocketAddress::from_bytes(AF_INET, wire.address, ntohs(port));
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), address.get(), address.length), 0);
  return fd;
}

TEST(TlsLane, StrangersAreDroppedAndHoldUpNobody) {
  CommPair pair(encrypted(1));
  const uint64_t before = pair.listener->strangers();
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 60; ++i) {
    crowd.push_back(intrude(pair.handle));
    HelloWire hello{};
    hello.magic = kHelloMagic;
    hello.version = kSocketWireVersion;
    hello.count = 1;
    std::memcpy(hello.token, read_handle(pair.handle).token, sizeof hello.token);
    // Some know the token, and speak in the clear.
    if (i % 2 == 0) {
      EXPECT_EQ(send(crowd.back().get(), &hello, sizeof hello, MSG_NOSIGNAL), static_cast<ssize_t>(sizeof hello));
    }
  }
  pair.meet();
  check_next_message(pair);
  std::unique_ptr<Comm> nobody;
  EXPECT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&nobody).ok());
    return pair.listener->strangers() >= before + 60;
  }));
  EXPECT_EQ(nobody, nullptr);
}

TEST(TlsLane, AListenerInTheClearIsRefused) {
  CommPair clear;
  const auto transport = make_socket_transport({loopback()}, encrypted(1));
  const Status status = clear.refusal(*transport, clear.handle);
  EXPECT_EQ(status.code(), HAWSER_REFUSED);
  EXPECT_THAT(status.text(), HasSubstr("hung up"));
}

}  // namespace
}  // namespace hawser
