// Ports between two processes: shared memory is passed over, and a death is noticed.
#include "port/tests/peer_process.h"

#include <thread>

#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::endpoint_config;
using ::testing::HasSubstr;
using testing::PeerProcess;
using testing::Pipe;
using testing::reader;
using testing::Side;
using testing::soon;

constexpr uint64_t kBytes = 4 << 20;

// One side of the two, told apart by the rank alone.
struct Party {
  Party(int32_t rank, uint32_t transport, Pipe& pipe) : side(rank) {
    std::unique_ptr<Endpoint> endpoint;
    Status status = Endpoint::open(side.context, endpoint_config(transport), &endpoint);
    EXPECT_TRUE(status.ok()) << status.text();
    pipe.tell(endpoint->told());
    std::shared_ptr<Connection> connection;
    status = endpoint->connect(reader(pipe.hear()), soon(), &connection);
    EXPECT_TRUE(status.ok()) << status.text();
    side.connections.push_back(connection);
    mine = side.make_memory(kBytes, transport);
    pipe.tell(mine->told());
    status = Memory::import(side.context, reader(pipe.hear()), soon(), &theirs);
    EXPECT_TRUE(status.ok()) << status.text();
    std::unique_ptr<Semaphore> semaphore;
    EXPECT_TRUE(Semaphore::open(connection, &semaphore).ok());
    pipe.tell(semaphore->told());
    status = semaphore->join(reader(pipe.hear()), soon());
    EXPECT_TRUE(status.ok()) << status.text();
    side.start_proxy();
    channel = &side.channel(semaphore.get(), theirs, mine);
    side.semaphores.push_back(std::move(semaphore));
  }
  unsigned char* data() { return side.buffers[0]->data(); }

  Side side;
  std::shared_ptr<Memory> mine;
  std::shared_ptr<Memory> theirs;
  PortChannel* channel = nullptr;
};

class BetweenProcesses : public ::testing::TestWithParam<uint32_t> {};

TEST_P(BetweenProcesses, APutAndItsSignalArrive) {
  const uint32_t transport = GetParam();
  PeerProcess peer([&](Pipe& pipe) {
    Party party(1, transport, pipe);
    if (!party.channel->wait(soon(), 0).ok()) return false;
    for (uint64_t i = 0; i < kBytes; ++i) {
      if (party.data()[i] != static_cast<unsigned char>(i * 7)) return false;
    }
    uint64_t position = 0;
    return party.channel->post(HAWSER_TRIGGER_SIGNAL | HAWSER_TRIGGER_FLUSH, 0, 0, 0, &position) == HAWSER_OK &&
           party.channel->flushed(position, soon(), 0).ok();
  });
  Party party(0, transport, peer.pipe());
  for (uint64_t i = 0; i < kBytes; ++i) party.data()[i] = static_cast<unsigned char>(i * 7);
  ASSERT_EQ(party.channel->post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, 0, 0, kBytes, nullptr), HAWSER_OK);
  const Status status = party.channel->wait(soon(), 0);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(peer.wait(), 0);
}

TEST_P(BetweenProcesses, ADeadPeerWakesEveryWaiter) {
  const uint32_t transport = GetParam();
  PeerProcess peer([&](Pipe& pipe) {
    const Party party(1, transport, pipe);
    pipe.hear();
    return true;
  });
  Party party(0, transport, peer.pipe());
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    peer.kill();
  });
  const Nanos begin = now();
  const Status status = party.channel->wait(soon(), 0);
  killer.join();
  EXPECT_EQ(status.code(), HAWSER_LINK_FAILED) << status.text();
  EXPECT_EQ(status.rank(), 1);
  EXPECT_THAT(status.text(), HasSubstr("rank 1"));
  EXPECT_LT(now() - begin, 10 * kSecond);
  // And whoever comes later.
  EXPECT_EQ(party.channel->post(HAWSER_TRIGGER_SIGNAL, 0, 0, 0, nullptr), HAWSER_LINK_FAILED);
}

// The transports that are here without a device of their own.
INSTANTIATE_TEST_SUITE_P(Transports, BetweenProcesses, ::testing::Values(HAWSER_PORT_MEMORY, HAWSER_PORT_TCP),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace hawser::port
