// Handles, connecting, and those who have no business here.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/socket/address.h"
#include "net/socket/wire.h"
#include "net/tests/comm_pair.h"

namespace hawser {
namespace {

using testing::HasSubstr;

// A plain TCP connection to the listener behind a handle.
UniqueFd intrude(const Handle& handle) {
  const HandleWire wire = read_handle(handle);
  uint16_t port = 0;
  std::memcpy(&port, wire.port, sizeof port);
  const SocketAddress address = SocketAddress::from_bytes(AF_INET, wire.address, ntohs(port));
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), address.get(), address.length), 0);
  return fd;
}

HelloWire proper_hello(const Handle& handle) {
  HelloWire hello{};
  hello.magic = kHelloMagic;
  hello.version = kSocketWireVersion;
  hello.count = 1;
  std::memcpy(hello.token, read_handle(handle).token, sizeof hello.token);
  return hello;
}

void say(const UniqueFd& fd, const HelloWire& hello) {
  ASSERT_EQ(send(fd.get(), &hello, sizeof hello, MSG_NOSIGNAL), static_cast<ssize_t>(sizeof hello));
}

// Accepts nothing for `time`.
void nobody_comes(ListenComm& listener, Nanos time) {
  std::unique_ptr<Comm> comm;
  until(
      [&] {
        EXPECT_TRUE(listener.accept(&comm).ok());
        return comm != nullptr;
      },
      time);
  EXPECT_EQ(comm, nullptr);
}

TEST(HandleTest, TellsItsDeviceAndIsRefusedWhenDamaged) {
  CommPair pair;
  EXPECT_EQ(handle_device(pair.handle), "lo");
  EXPECT_EQ(handle_device(Handle{}), "");
  std::unique_ptr<Connector> connector;
  EXPECT_EQ(pair.transport->connect(0, Handle{}, &connector).code(), HAWSER_INVALID_ARGUMENT);
  Handle newer = pair.handle;
  newer.bytes[4] = 99;
  const Status other_version = pair.transport->connect(0, newer, &connector);
  EXPECT_EQ(other_version.code(), HAWSER_VERSION_MISMATCH);
  EXPECT_THAT(other_version.text(), HasSubstr("version 99"));
  EXPECT_EQ(pair.transport->connect(7, pair.handle, &connector).code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_EQ(connector, nullptr);
}

TEST(HandleTest, TwoListenersHaveDifferentTokens) {
  CommPair one;
  CommPair two;
  EXPECT_NE(std::memcmp(read_handle(one.handle).token, read_handle(two.handle).token, kTokenBytes), 0);
}

TEST(ConnectTest, TellsTheAddressesOfBothEnds) {
  CommPair pair;
  EXPECT_EQ(pair.left->local_address(), pair.right->peer_address());
  EXPECT_EQ(pair.right->local_address(), pair.left->peer_address());
  EXPECT_THAT(pair.left->peer_address(), HasSubstr("127.0.0.1:"));
  EXPECT_EQ(pair.left->sockets(), 1);
}

TEST(ConnectTest, SaysWhoDoesNotListen) {
  CommPair pair;
  pair.listener.reset();
  std::unique_ptr<Connector> connector;
  Status status = pair.transport->connect(0, pair.handle, &connector);
  std::unique_ptr<Comm> comm;
  ASSERT_TRUE(until([&] {
    if (status.ok()) status = connector->poll(&comm);
    return !status.ok();
  }));
  EXPECT_EQ(status.code(), HAWSER_REFUSED);
  EXPECT_THAT(status.text(), HasSubstr("device lo"));
}

TEST(ConnectTest, AWrongTokenIsRefusedAndNotTold) {
  CommPair pair;
  Handle forged = pair.handle;
  HandleWire wire = read_handle(forged);
  wire.token[kTokenBytes - 1] ^= 1;
  std::memcpy(forged.bytes, &wire, sizeof wire);
  EXPECT_EQ(pair.refusal(*pair.transport, forged).code(), HAWSER_REFUSED);
  EXPECT_EQ(pair.listener->strangers(), 1u);
}

TEST(ConnectTest, AnIpv6AddressWillDoToo) {
  DeviceProperties device = loopback();
  device.address = "::1";
  auto transport = make_socket_transport({device}, {});
  std::unique_ptr<ListenComm> listener;
  Handle handle{};
  if (!transport->listen(0, &handle, &listener).ok()) GTEST_SKIP() << "this machine has no IPv6";
  std::unique_ptr<Connector> connector;
  ASSERT_TRUE(transport->connect(0, handle, &connector).ok());
  std::unique_ptr<Comm> left;
  std::unique_ptr<Comm> right;
  ASSERT_TRUE(until([&] {
    if (left == nullptr && !connector->poll(&left).ok()) return true;
    if (right == nullptr && !listener->accept(&right).ok()) return true;
    return left != nullptr && right != nullptr;
  }));
  ASSERT_NE(left, nullptr);
  EXPECT_THAT(left->peer_address(), HasSubstr("[::1]:"));
}

TEST(ListenTest, GarbageAndHalfHellosAreDroppedAndCounted) {
  CommPair pair;
  const UniqueFd garbage = intrude(pair.handle);
  const std::string text = "GET / HTTP/1.1\r\nHost: of somebody else entirely\r\n\r\n";
  ASSERT_GT(send(garbage.get(), text.data(), text.size(), MSG_NOSIGNAL), 0);
  {
    const UniqueFd half = intrude(pair.handle);
    const HelloWire hello = proper_hello(pair.handle);
    ASSERT_EQ(send(half.get(), &hello, 20, MSG_NOSIGNAL), 20);
  }
  const UniqueFd wrong_count = intrude(pair.handle);
  HelloWire hello = proper_hello(pair.handle);
  hello.count = 3;
  say(wrong_count, hello);
  std::unique_ptr<Comm> comm;
  EXPECT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&comm).ok());
    return pair.listener->strangers() == 3;
  }));
  EXPECT_EQ(comm, nullptr);
  char byte = 0;
  EXPECT_LE(recv(garbage.get(), &byte, 1, 0), 0) << "a stranger hears nothing";
}

TEST(ListenTest, SilenceEndsAfterASecond) {
  CommPair pair;
  const UniqueFd silent = intrude(pair.handle);
  nobody_comes(*pair.listener, 500 * kMillisecond);
  EXPECT_EQ(pair.listener->strangers(), 0u);
  nobody_comes(*pair.listener, kSecond);
  EXPECT_EQ(pair.listener->strangers(), 1u);
}

TEST(ListenTest, StrangersDoNotDelayWhoBelongsHere) {
  CommPair pair;
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(intrude(pair.handle));
    if (i % 2 == 0) send(crowd.back().get(), "x", 1, MSG_NOSIGNAL);
    std::unique_ptr<Comm> comm;
    EXPECT_TRUE(pair.listener->accept(&comm).ok());
  }
  const Nanos begin = now();
  pair.meet();
  EXPECT_LT(now() - begin, 500 * kMillisecond);
  EXPECT_GE(pair.listener->strangers(), 36u) << "no more than 64 may wait";
}

TEST(ListenTest, TheSameConnectorCanComeBack) {
  CommPair pair;
  for (int i = 0; i < 3; ++i) pair.meet();
  EXPECT_EQ(pair.listener->strangers(), 0u);
}

TEST(ListenTest, ALaneOfSeveralConnectionsComesOnlyWhole) {
  CommPair pair({2, HAWSER_OFF});
  EXPECT_EQ(pair.left->sockets(), 2);
  const UniqueFd first = intrude(pair.handle);
  HelloWire hello = proper_hello(pair.handle);
  hello.count = 2;
  hello.connector[0] = 1;
  say(first, hello);
  nobody_comes(*pair.listener, 50 * kMillisecond);
  const UniqueFd other = intrude(pair.handle);
  hello.index = 1;
  hello.connector[0] = 2;
  say(other, hello);
  nobody_comes(*pair.listener, 50 * kMillisecond);
  const UniqueFd second = intrude(pair.handle);
  hello.connector[0] = 1;
  say(second, hello);
  std::unique_ptr<Comm> comm;
  EXPECT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&comm).ok());
    return comm != nullptr;
  }));
  for (const UniqueFd* fd : {&first, &second}) {
    WelcomeWire welcome{};
    EXPECT_EQ(recv(fd->get(), &welcome, sizeof welcome, MSG_WAITALL), static_cast<ssize_t>(sizeof welcome));
    EXPECT_EQ(welcome.magic, kWelcomeMagic);
  }
}

}  // namespace
}  // namespace hawser
