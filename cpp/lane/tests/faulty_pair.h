// Two connected parties over a wire that a test can break.
#pragma once

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>

#include "lane/tests/party.h"
#include "net/fault/transport.h"
#include "net/socket/address.h"

namespace hawser::testing {

// Ends a comm's connection below everybody, as a middlebox that resets does. The comm's descriptors are found by
// address.
inline bool shut_socket(const Comm& comm) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0 || peer.ss_family != AF_INET) continue;
    if (SocketAddress::peer_of(fd).text() != comm.peer_address()) continue;
    if (SocketAddress::local_of(fd).text() != comm.local_address()) continue;
    return shutdown(fd, SHUT_RDWR) == 0;
  }
  return false;
}

// So many of a lane's next chunks arrive with a wrong bit; packets, which are shorter, as they are.
inline void corrupt_payloads(LaneFaults& faults, int chunks) {
  faults.flips_above = wire::kPacketBytes - 1;
  faults.flips = chunks;
}

struct FaultyPair {
  explicit FaultyPair(const hawser_config& config = test_config()) : a(config), b(config) {
    transport_a = std::make_unique<FaultTransport>(a.engine.transport(), board);
    transport_b = std::make_unique<FaultTransport>(b.engine.transport(), board);
    auto connecting = std::make_unique<ChannelManager>(*transport_a, a.engine.lanes(), a.engine.hello());
    auto listening = std::make_unique<ChannelManager>(*transport_b, b.engine.lanes(), b.engine.hello());
    std::vector<Handle> handles;
    Status status = listening->server_listen_all(&handles);
    EXPECT_TRUE(status.ok()) << status.text();
    std::thread accepting([&] {
      bool complete = false;
      const Nanos deadline = now() + kPatience;
      while (!complete && now() < deadline) {
        const Status accepted = listening->accept_some(&complete);
        ASSERT_TRUE(accepted.ok()) << accepted.text();
      }
    });
    status = connecting->client_connect_all(handles, now() + kPatience);
    EXPECT_TRUE(status.ok()) << status.text();
    accepting.join();
    a.link = make_link(a.engine, std::move(connecting), true);
    b.link = make_link(b.engine, std::move(listening), false);
    a.attach();
    b.attach();
  }

  static std::unique_ptr<Link> make_link(Engine& engine, std::unique_ptr<ChannelManager> channels, bool initiator) {
    auto link = std::make_unique<Link>(engine.link_options(), std::move(channels), initiator, engine);
    const Status status = link->initialise();
    EXPECT_TRUE(status.ok()) << status.text();
    return link;
  }

  // Drives both by turns in this thread until `done()`.
  template <typename Done>
  bool drive_until(Done&& done, Nanos patience = kPatience) {
    const Nanos deadline = now() + patience;
    while (!done()) {
      if (now() > deadline) return false;
      a.driver->drive(0, 0);
      b.driver->drive(0, 0);
    }
    return true;
  }

  size_t living() const {
    const hawser_link_shared* shared = a.link->shared();
    return static_cast<size_t>(std::count_if(shared->lane, shared->lane + shared->lanes,
                                             [](const hawser_lane_state& lane) { return lane.alive != 0; }));
  }

  // Both ends have one: a fault of a lane holds for both.
  std::shared_ptr<FaultBoard> board = std::make_shared<FaultBoard>();
  FaultBoard& wire = *board;
  std::unique_ptr<FaultTransport> transport_a;
  std::unique_ptr<FaultTransport> transport_b;
  Party a;
  Party b;
};

}  // namespace hawser::testing
