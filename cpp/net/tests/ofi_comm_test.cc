// Lanes over libfabric: the providers that every machine has, and what a comm of theirs does when its peer is slow,
// silent, killed or another.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "net/ofi/transport.h"
#include "net/ofi/wire.h"
#include "net/socket/wire.h"
#include "net/tests/comm_suite.h"
#include "net/tests/silence.h"

namespace hawser {
namespace {

using testing::HasSubstr;

constexpr size_t kBig = 4 * 1024 * 1024;

std::unique_ptr<Transport> make(const std::string& provider, bool always_register = false) {
  std::unique_ptr<Transport> transport;
  const Status status = make_ofi_transport(provider, Clear::kThisMachine, &transport, always_register);
  EXPECT_TRUE(status.ok()) << status.text();
  return transport;
}

const CommKind kTcp{"Tcp", [] { return make("tcp"); }, "lo"};
const CommKind kTcpRegistered{"TcpRegistered", [] { return make("tcp", true); }, "lo"};
const CommKind kShm{"SharedMemory", [] { return make("shm"); }, "shm"};

INSTANTIATE_TEST_SUITE_P(Ofi, CommSuite, testing::Values(kTcp, kTcpRegistered, kShm), name_of);

class OfiComms : public testing::TestWithParam<CommKind> {
 protected:
  CommPair pair{GetParam().make(), GetParam().device};

  // Drives both ends, or the left alone, until it is lost.
  Status await_loss(bool both, Nanos silence = 250 * kMillisecond) {
    Status status;
    until([&] {
      bool moved = false;
      pair.left->expect_input();
      status = pair.left->progress(&moved);
      if (status.ok()) status = pair.left->check_alive(silence);
      if (both) {
        pair.right->expect_input();
        (void)pair.right->progress(&moved);
      }
      pair.poller.wait(kMillisecond);
      return !status.ok();
    });
    return status;
  }
};

TEST_P(OfiComms, RegisteredMemoryIsSentFromAndReceivedInto) {
  auto data = random_bytes(kBig, 1);
  std::vector<unsigned char> place(kBig);
  Memory* from = nullptr;
  Memory* to = nullptr;
  ASSERT_TRUE(pair.left->register_memory(data.data(), kBig, HAWSER_MEMORY_HOST, &from).ok());
  ASSERT_TRUE(pair.right->register_memory(place.data(), kBig, HAWSER_MEMORY_HOST, &to).ok());
  Request* receive = nullptr;
  Request* send = nullptr;
  ASSERT_TRUE(pair.right->irecv(place.data(), kBig, to, &receive).ok());
  ASSERT_TRUE(pair.left->isend(data.data(), kBig, from, &send).ok());
  size_t bytes = 0;
  ASSERT_TRUE(until([&] {
    pair.round();
    if (send != nullptr && pair.left->test(send, &bytes)) send = nullptr;
    if (receive != nullptr && pair.right->test(receive, &bytes)) receive = nullptr;
    return send == nullptr && receive == nullptr;
  }));
  EXPECT_TRUE(place == data);
  pair.left->deregister_memory(from);
  pair.right->deregister_memory(to);
  EXPECT_EQ(pair.left->register_memory(data.data(), kBig, HAWSER_MEMORY_DEVICE, &from).code(), HAWSER_UNSUPPORTED);
}

// Whether the comm can go on or not: the buffer is free.
TEST_P(OfiComms, ADetachedBufferIsNotTouchedAnyMore) {
  auto data = random_bytes(kBig, 2);
  const auto expected = data;
  std::vector<unsigned char> place(kBig);
  Request* receive = must_receive(*pair.right, place.data(), kBig);
  Request* send = must_send(*pair.left, data.data(), kBig);
  bool moved = false;
  ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
  pair.left->detach(send);
  std::fill(data.begin(), data.end(), 0xAA);
  const Nanos deadline = now() + kSecond;
  size_t bytes = 0;
  bool received = false;
  Status status;
  while (!received && status.ok() && now() < deadline) {
    pair.left->expect_input();
    pair.right->expect_input();
    (void)pair.left->progress(&moved);
    status = pair.right->progress(&moved);
    received = pair.right->test(receive, &bytes);
  }
  if (received) {
    EXPECT_TRUE(place == expected);
    return;
  }
  pair.right->detach(receive);
  std::fill(place.begin(), place.end(), 0x55);
  for (int look = 0; look < 100; ++look) (void)pair.right->progress(&moved);
  EXPECT_TRUE(std::all_of(place.begin(), place.end(), [](unsigned char byte) { return byte == 0x55; }));
}

TEST_P(OfiComms, APeerThatDoesNotReadIsAlive) {
  const auto data = random_bytes(kBig, 3);
  must_send(*pair.left, data.data(), kBig);
  const Nanos deadline = now() + 1500 * kMillisecond;
  while (now() < deadline) {
    bool moved = false;
    pair.left->expect_input();
    ASSERT_TRUE(CommPair::progress(*pair.left, &moved));
    const Status alive = pair.left->check_alive(100 * kMillisecond);
    ASSERT_TRUE(alive.ok()) << alive.text();
    pair.poller.wait(10 * kMillisecond);
  }
}

TEST_P(OfiComms, APeerWhoseKernelIsSilentIsNot) {
  const auto data = random_bytes(kBig, 4);
  must_send(*pair.left, data.data(), kBig);
  silence(*pair.right);
  const Nanos begin = now();
  const Status status = await_loss(false);
  EXPECT_EQ(status.code(), HAWSER_LANE_LOST) << status.text();
  EXPECT_GE(now() - begin, 200 * kMillisecond);
}

// A peer that is at work, on a network that takes nothing any more.
TEST_P(OfiComms, ANetworkThatIsStuckIsLostWithinItsDeadline) {
  const auto data = random_bytes(100'000, 5);
  must_send(*pair.left, data.data(), data.size());  // nobody receives it
  const Status status = await_loss(true, 20 * kMillisecond);
  EXPECT_EQ(status.code(), HAWSER_LANE_LOST) << status.text();
  EXPECT_THAT(status.text(), HasSubstr("nothing arrives"));
}

TEST_P(OfiComms, TheSameConnectorCanComeBack) {
  for (int round = 0; round < 3; ++round) {
    pair.meet();
    check_next_message(pair);
  }
  EXPECT_EQ(pair.listener->strangers(), 0u);
}

TEST_P(OfiComms, AWrongSecretIsRefusedAndCounted) {
  HandleWire wire = read_handle(pair.handle);
  EXPECT_EQ(handle_device(pair.handle), GetParam().device);
  wire.token[0] ^= 1;
  Handle forged;
  std::memcpy(forged.bytes, &wire, sizeof(wire));
  std::unique_ptr<Connector> connector;
  ASSERT_TRUE(pair.transport->connect(pair.device, forged, &connector).ok());
  std::unique_ptr<Comm> none;
  Status status;
  ASSERT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&none).ok());
    EXPECT_EQ(none, nullptr);
    status = connector->poll(&none);
    return !status.ok();
  }));
  EXPECT_EQ(status.code(), HAWSER_REFUSED);
  EXPECT_EQ(pair.listener->strangers(), 1u);
}

// A guest who knows the handle and says what it likes on the side connection.
class Guest {
 public:
  explicit Guest(CommPair& pair) : pair_(pair), sockets_(make_socket_transport({loopback()}, {})) {
    std::unique_ptr<Connector> connector;
    EXPECT_TRUE(sockets_->connect(0, side_handle(pair.handle), &connector).ok());
    EXPECT_TRUE(until([&] { return connector->poll(&side_).ok() && accept() && side_ != nullptr; }));
  }

  // What the listener tells of itself.
  OfiMeetingWire hear() {
    OfiMeetingWire theirs{};
    Request* request = nullptr;
    EXPECT_TRUE(side_->irecv(&theirs, sizeof(theirs), nullptr, &request).ok());
    EXPECT_TRUE(until([&] {
      size_t bytes = 0;
      bool moved = false;
      side_->expect_input();
      return accept() && side_->progress(&moved).ok() && side_->test(request, &bytes);
    }));
    return theirs;
  }
  void say(const OfiMeetingWire& wire) {
    Request* request = nullptr;
    EXPECT_TRUE(side_->isend(&wire, sizeof(wire), nullptr, &request).ok());
    bool moved = false;
    EXPECT_TRUE(side_->progress(&moved).ok());
  }
  // At once, not when its time to meet is over.
  bool turned_away() {
    return until([&] { return accept() && pair_.listener->strangers() == 1; }, 5 * kSecond);
  }

 private:
  bool accept() {
    std::unique_ptr<Comm> none;
    return pair_.listener->accept(&none).ok() && none == nullptr;
  }

  CommPair& pair_;
  std::unique_ptr<Transport> sockets_;
  std::unique_ptr<Comm> side_;
};

TEST_P(OfiComms, AnAddressThatIsNoneIsTurnedAway) {
  Guest guest(pair);
  OfiMeetingWire wire = guest.hear();
  ASSERT_GT(wire.address_bytes, 1u);
  --wire.address_bytes;  // of a name, its end
  guest.say(wire);
  EXPECT_TRUE(guest.turned_away());
}

TEST_P(OfiComms, NoAddressIsTurnedAway) {
  Guest guest(pair);
  OfiMeetingWire wire = guest.hear();
  wire.address_bytes = 0;
  guest.say(wire);
  EXPECT_TRUE(guest.turned_away());
}

TEST_P(OfiComms, AnotherNetworkOrProviderIsRefusedByName) {
  const auto sockets = make_socket_transport({loopback()}, {});
  std::unique_ptr<Connector> connector;
  EXPECT_EQ(sockets->connect(0, pair.handle, &connector).code(), HAWSER_INVALID_ARGUMENT);
  Handle plain;
  std::unique_ptr<ListenComm> listener;
  ASSERT_TRUE(sockets->listen(0, &plain, &listener).ok());
  const Status other = pair.transport->connect(pair.device, plain, &connector);
  EXPECT_EQ(other.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(other.text(), HasSubstr("network"));

  const bool is_shm = std::string(GetParam().device) == "shm";
  const auto another = is_shm ? make("tcp") : make("shm");
  const auto& devices = another->devices();
  const auto device = std::find_if(devices.begin(), devices.end(),
                                   [](const auto& one) { return one.name == "lo" || one.name == "shm"; });
  ASSERT_NE(device, devices.end());
  ASSERT_TRUE(another->connect(static_cast<int>(device - devices.begin()), pair.handle, &connector).ok());
  std::unique_ptr<Comm> none;
  Status status;
  ASSERT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&none).ok());
    status = connector->poll(&none);
    return !status.ok();
  }));
  EXPECT_EQ(none, nullptr);
}

// The peer is a process of its own and dies without a word.
TEST_P(OfiComms, APeerThatIsKilledIsLostSoon) {
  pair.left.reset();
  pair.right.reset();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    const auto transport = GetParam().make();
    std::unique_ptr<Connector> connector;
    if (!transport->connect(pair.device, pair.handle, &connector).ok()) _exit(1);
    std::unique_ptr<Comm> comm;
    while (comm == nullptr) {
      if (!connector->poll(&comm).ok()) _exit(2);
    }
    for (bool moved = false;;) {
      comm->expect_input();
      if (!comm->progress(&moved).ok()) _exit(3);
      usleep(100);
    }
  }
  ASSERT_TRUE(until([&] {
    EXPECT_TRUE(pair.listener->accept(&pair.left).ok());
    return pair.left != nullptr;
  }));
  ASSERT_TRUE(pair.left->arm(pair.poller).ok());
  std::array<unsigned char, 8> place{};
  must_receive(*pair.left, place.data(), place.size());
  kill(child, SIGKILL);
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_TRUE(WIFSIGNALED(how)) << WEXITSTATUS(how);
  const Nanos begin = now();
  const Status status = await_loss(false);
  EXPECT_EQ(status.code(), HAWSER_LANE_LOST) << status.text();
  EXPECT_LT(now() - begin, 5 * kSecond);
  // What the provider shm would have removed.
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    if (entry.path().filename().string().starts_with(std::to_string(child) + ":")) std::filesystem::remove(entry);
  }
}

INSTANTIATE_TEST_SUITE_P(Providers, OfiComms, testing::Values(kTcp, kTcpRegistered, kShm), name_of);

TEST(OfiTransport, AProviderThatIsNotThereIsNamed) {
  std::unique_ptr<Transport> none;
  const Status status = make_ofi_transport("nonsense", Clear::kThisMachine, &none);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_THAT(status.text(), HasSubstr("nonsense"));
}

TEST(OfiTransport, TellsItsProvidersAndTheirDevices) {
  std::string library;
  std::vector<OfiProvider> providers;
  ASSERT_TRUE(list_ofi_providers(&library, &providers).ok());
  EXPECT_THAT(library, testing::StartsWith("libfabric "));
  const auto tcp =
      std::find_if(providers.begin(), providers.end(), [](const auto& one) { return one.name.starts_with("tcp"); });
  ASSERT_NE(tcp, providers.end());
  EXPECT_THAT(tcp->devices, testing::Contains("lo"));
}

TEST(OfiTransport, DevicesOfTcpAreTheNetworkDevicesOfTheirNames) {
  const auto transport = make("tcp");
  for (const DeviceProperties& device : transport->devices()) {
    const auto here = list_devices();
    const auto same = std::find_if(here.begin(), here.end(), [&](const auto& one) { return one.name == device.name; });
    ASSERT_NE(same, here.end()) << device.name;
    EXPECT_EQ(device.address, same->address);
    EXPECT_EQ(device.up, same->up);
  }
}

}  // namespace
}  // namespace hawser
