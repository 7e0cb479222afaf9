// A lane over TCP: frames and messages of a peer that has proven itself, in pieces as they may arrive, on two
// connections. Input: a byte that says how messages are received, then what comes on the second connection behind its
// length, then what comes on the first.
#include "fuzz/target.h"
#include "fuzz/wire_pair.h"
#include "net/socket/comm.h"

namespace hawser::fuzz {
namespace {

constexpr size_t kReceives = 4;
constexpr size_t kCapacities[] = {0, 1, 100, 200'000};

struct Expected {
  std::vector<uint8_t> data;
  Request* request = nullptr;
};

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  const auto way = input.get<uint8_t>();
  const auto second = input.block(input.get<uint16_t>());
  UniqueFd far[2];
  std::vector<SecureSocket> connections;
  connections.emplace_back(connection_that_says(input.data(), input.left(), &far[0]));
  if ((way & 1) != 0) connections.emplace_back(connection_that_says(second.data(), second.size(), &far[1]));
  SocketComm comm(std::move(connections), {});

  std::vector<Expected> expected(kReceives);
  Status status;
  for (size_t i = 0; i < kReceives && status.ok(); ++i) {
    expected[i].data.resize(kCapacities[way >> 1 & 3]);
    status = comm.irecv(expected[i].data.data(), expected[i].data.size(), nullptr, &expected[i].request);
  }
  if (status.ok() && (way & 8) != 0) comm.detach(expected[0].request);
  // Each round takes something, or finds the end of the stream.
  for (size_t rounds = 0; status.ok(); ++rounds) {
    require(rounds < size + 16, "a stream that has ended is found to have ended");
    bool moved = false;
    comm.expect_input();
    status = comm.progress(&moved);
    for (Expected& one : expected) {
      size_t bytes = 0;
      if (one.request == nullptr || !comm.test(one.request, &bytes)) continue;
      require(bytes <= one.data.size(), "no message is longer than its receive");
      one.request = nullptr;
    }
    // Nobody waits for a frame any more, and what is left is never read.
    if (!moved && status.ok()) break;
  }
}

std::vector<Seed> seeds() {
  const auto message = [](Script script, uint32_t bytes) {
    return script.put(FrameWire{bytes, kFrameMagic}).put_bytes(std::vector<uint8_t>(bytes, 7).data(), bytes);
  };
  Script short_ones = message(message(Script().put(uint8_t{4}).put(uint16_t{0}), 100), 3);
  Script detached = message(Script().put(uint8_t{4 + 8}).put(uint16_t{0}), 90);
  Script empty = message(message(Script().put(uint8_t{0}).put(uint16_t{0}), 0), 0);
  Script sliced = Script().put(uint8_t{7}).put(uint16_t{40}).put_bytes(std::vector<uint8_t>(40).data(), 40);
  sliced.put(FrameWire{150'000, kFrameMagic}).put_bytes(std::vector<uint8_t>(64).data(), 64);
  return {{"short", short_ones.bytes()},
          {"detached", detached.bytes()},
          {"empty", empty.bytes()},
          {"sliced", sliced.bytes()}};
}

const Registered registered({"socket_frames", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
