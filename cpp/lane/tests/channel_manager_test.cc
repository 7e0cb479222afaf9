// All lanes or none: listening, connecting, registering; who is paired with whom, and who is turned away.
#include "lane/channel_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "lane/tests/faulty_pair.h"
#include "net/devices.h"
#include "net/socket/wire.h"

namespace hawser::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

wire::Hello hello(uint16_t version = wire::kVersion) {
  wire::Hello hello{};
  hello.magic = wire::kHelloMagic;
  hello.version = version;
  hello.rank = -1;
  return hello;
}

struct Ends {
  explicit Ends(const wire::Hello& client = hello(), const wire::Hello& server = hello(), int lanes = 4) {
    const std::vector<int> devices(static_cast<size_t>(lanes), 0);
    connecting = std::make_unique<ChannelManager>(client_transport, devices, client);
    listening = std::make_unique<ChannelManager>(server_transport, devices, server);
  }

  static std::vector<DeviceProperties> loopback() {
    DeviceProperties device;
    device.name = "lo";
    device.address = "127.0.0.1";
    device.index = 1;
    device.up = true;
    return {device};
  }

  Status meet(Nanos patience = 5 * kSecond) {
    std::vector<Handle> handles;
    if (Status status = listening->server_listen_all(&handles); !status.ok()) return status;
    Status accepted;
    std::atomic<bool> stop{false};
    std::thread accepting([&] {
      for (bool complete = false; !complete && !stop && accepted.ok();) accepted = listening->accept_some(&complete);
      if (!accepted.ok()) listening->close_all();
    });
    Status status = connecting->client_connect_all(handles, now() + patience);
    if (!status.ok()) stop = true;
    accepting.join();
    accept_status = accepted;
    return status;
  }

  std::shared_ptr<FaultBoard> board = std::make_shared<FaultBoard>();
  FaultBoard& wire = *board;
  std::unique_ptr<Transport> inner = make_socket_transport(loopback(), {});
  std::unique_ptr<Transport> inner_server = make_socket_transport(loopback(), {});
  FaultTransport client_transport{*inner, board};
  FaultTransport server_transport{*inner_server, board};
  std::unique_ptr<ChannelManager> connecting;
  std::unique_ptr<ChannelManager> listening;
  Status accept_status;
};

TEST(ChannelManager, ConnectsAllLanesInOrder) {
  Ends ends;
  const Status status = ends.meet();
  ASSERT_TRUE(status.ok()) << status.text();
  ASSERT_EQ(4, ends.connecting->get_num_channels());
  for (int i = 0; i < 4; ++i) {
    const Channel& mine = ends.connecting->get_channel(i);
    const Channel& theirs = ends.listening->get_channel(i);
    EXPECT_EQ(i, mine.id);
    EXPECT_EQ(mine.comm->local_address(), theirs.comm->peer_address());
    EXPECT_EQ("lo", mine.peer_device);
    EXPECT_EQ(1u, mine.incarnation);
  }
  EXPECT_EQ(&ends.connecting->get_channel(3), &ends.connecting->get_channel_for_chunk(7));
  EXPECT_EQ(0xfu, ends.listening->peer().lane_mask);
}

TEST(ChannelManager, ListensOnAllOrNone) {
  for (size_t refusing = 0; refusing < 4; ++refusing) {
    Ends ends;
    ends.wire.lane(refusing).refused_listens = 1;
    std::vector<Handle> handles;
    const Status status = ends.listening->server_listen_all(&handles);
    EXPECT_EQ(HAWSER_IO, status.code());
    EXPECT_EQ(static_cast<int>(refusing), status.lane());
    EXPECT_EQ("lo", status.device());
    EXPECT_TRUE(handles.empty());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(nullptr, ends.listening->get_channel(i).listen_comm);
  }
}

TEST(ChannelManager, NamesTheLaneThatDoesNotComeAboutAndClosesAll) {
  Ends ends;
  ends.wire.lane(2).silent_until = LaneFaults::kUntilTold;
  const Status status = ends.meet(200 * kMillisecond);
  EXPECT_EQ(HAWSER_TIMEOUT, status.code());
  EXPECT_EQ(2, status.lane());
  for (int i = 0; i < ends.connecting->get_num_channels(); ++i)
    EXPECT_EQ(nullptr, ends.connecting->get_channel(i).comm);
}

TEST(ChannelManager, TriesLanesAgainThatFailOnTheWay) {
  Ends ends;
  ends.wire.lane(1).refused_connects = 3;
  ends.wire.lane(3).refused_connects = 1;
  const Status status = ends.meet(kPatience);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(4, ends.connecting->get_num_channels());
  for (size_t lane = 0; lane < 4; ++lane) EXPECT_EQ(0, ends.wire.lane(lane).refused_connects.load()) << lane;
}

TEST(ChannelManager, TellsWhyALaneFailsToTheEnd) {
  Ends ends;
  ends.wire.lane(2).refused_connects = 1 << 30;
  const Status status = ends.meet(200 * kMillisecond);
  EXPECT_EQ(HAWSER_LANE_LOST, status.code());
  EXPECT_EQ(2, status.lane());
  EXPECT_THAT(status.text(), HasSubstr("does not come about"));
}

TEST(ChannelManager, RefusesAnotherVersionAndSaysWhich) {
  for (const bool client_is_new : {false, true}) {
    const auto newer = hello(wire::kVersion + 1);
    Ends ends(client_is_new ? newer : hello(), client_is_new ? hello() : newer, 1);
    const Status connected = ends.meet();
    const Status& status = client_is_new ? ends.accept_status : connected;  // the end that is of our version tells
    EXPECT_EQ(HAWSER_VERSION_MISMATCH, status.code());
    EXPECT_THAT(status.text(), HasSubstr("the same release"));
    EXPECT_EQ(0, status.lane());
  }
}

TEST(ChannelManager, RefusesAnEndThatIsNoParty) {
  wire::Hello other = hello();
  other.magic = 0x12345678;
  Ends ends(hello(), other, 1);
  const Status status = ends.meet();
  EXPECT_EQ(HAWSER_REFUSED, status.code());
  EXPECT_THAT(status.text(), HasSubstr("no Hawser party"));
}

TEST(ChannelManager, RegistersWithAllLanesOrNone) {
  Ends ends;
  ASSERT_TRUE(ends.meet().ok());
  ChannelManager& channels = *ends.connecting;
  std::vector<unsigned char> memory(100);
  const auto live = [&] {
    int sum = 0;
    for (size_t lane = 0; lane < 4; ++lane) sum += ends.wire.lane(lane).registrations;
    return sum;
  };
  uint64_t first = 0;
  ASSERT_TRUE(channels.register_memory(memory.data(), memory.size(), HAWSER_MEMORY_HOST, &first).ok());
  EXPECT_EQ(1u, first);
  EXPECT_EQ(4, live());
  for (size_t refusing = 0; refusing < 4; ++refusing) {
    ends.wire.lane(refusing).refused_memories = 1;
    uint64_t number = 0;
    const Status status = channels.register_memory(memory.data(), memory.size(), HAWSER_MEMORY_HOST, &number);
    EXPECT_EQ(HAWSER_OUT_OF_MEMORY, status.code());
    EXPECT_EQ(static_cast<int>(refusing), status.lane());
    EXPECT_EQ(0u, number);
    EXPECT_EQ(4, live());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(nullptr, channels.get_channel(i).memory(2));
  }
  uint64_t second = 0;
  ASSERT_TRUE(channels.register_memory(memory.data(), 50, HAWSER_MEMORY_HOST, &second).ok());
  EXPECT_EQ(2u, second);
  EXPECT_EQ(8, live());
  EXPECT_TRUE(channels.deregister_memory(first).ok());
  EXPECT_EQ(4, live());
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, channels.deregister_memory(first).code());
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, channels.deregister_memory(0).code());
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, channels.deregister_memory(3).code());
  EXPECT_TRUE(channels.deregister_memory(second).ok());
  EXPECT_EQ(0, live());
}

Handle handle_of(const char* device) {
  HandleWire made{};
  made.magic = kHandleMagic;
  made.version = kSocketWireVersion;
  made.family = 4;
  made.sockets = 1;
  std::string(device).copy(made.device, sizeof(made.device) - 1);
  Handle handle{};
  std::memcpy(handle.bytes, &made, sizeof(made));
  return handle;
}

TEST(PairLanes, ByNameThenByOrder) {
  const std::vector<Handle> three{handle_of("eth1"), handle_of("eth2"), handle_of("eth3")};
  EXPECT_THAT(pair_lanes({"eth1", "eth2", "eth3"}, three), ElementsAre(0, 1, 2));
  EXPECT_THAT(pair_lanes({"eth3", "eth1", "eth2"}, three), ElementsAre(2, 0, 1));
  EXPECT_THAT(pair_lanes({"ib0", "eth1", "ib1"}, three), ElementsAre(1, 0, 2));
  EXPECT_THAT(pair_lanes({"eth2"}, three), ElementsAre(1));
  EXPECT_THAT(pair_lanes({"a", "b", "c", "d", "e"}, three), ElementsAre(0, 1, 2));
  EXPECT_THAT(pair_lanes({"lo", "lo"}, {handle_of("lo"), handle_of("lo")}), ElementsAre(0, 1));
  EXPECT_TRUE(pair_lanes({}, three).empty());
  EXPECT_TRUE(pair_lanes({"eth1"}, {}).empty());
}

}  // namespace
}  // namespace hawser::testing
