// What a guest says on the side connection of a lane over libfabric, before there is a lane and after. Input: messages,
// each a length and its bytes.
#include <algorithm>

#include "fuzz/target.h"
#include "net/devices.h"
#include "net/ofi/transport.h"
#include "net/ofi/wire.h"

namespace hawser::fuzz {
namespace {

constexpr const char* kProvider = "tcp;ofi_rxm";
constexpr size_t kMostMessages = 4;
// What is not refused by then waits for a first message over libfabric, which this guest never sends.
constexpr int kLooks = 4;

// A listener over libfabric's tcp, and the network by which guests come to it.
struct House {
  House() {
    DeviceProperties loopback;
    loopback.name = "lo";
    loopback.address = "127.0.0.1";
    loopback.up = true;
    sockets = make_socket_transport({loopback}, {});
    if (!make_ofi_transport("tcp", Clear::kThisMachine, &transport).ok()) return;
    const auto& devices = transport->devices();
    const auto lo = std::find_if(devices.begin(), devices.end(), [](const auto& one) { return one.name == "lo"; });
    require(lo != devices.end(), "libfabric has loopback");
    require(transport->listen(static_cast<int>(lo - devices.begin()), &handle, &listener).ok(), "a listener opens");
  }

  std::unique_ptr<Comm> visit() {
    std::unique_ptr<Connector> connector;
    require(sockets->connect(0, side_handle(handle), &connector).ok(), "a guest comes");
    std::unique_ptr<Comm> side;
    while (side == nullptr) {
      look();
      require(connector->poll(&side).ok(), "a guest is let in");
    }
    return side;
  }
  void look() {
    std::unique_ptr<Comm> comm;
    require(listener->accept(&comm).ok(), "a guest is no error of the listener's");
    require(comm == nullptr, "who says nothing over libfabric has no lane");
  }

  std::unique_ptr<Transport> sockets;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<ListenComm> listener;  // null: libfabric is not there
  Handle handle{};
};

House& house() {
  static auto* const one = new House;
  return *one;
}

void run(const uint8_t* data, size_t size) {
  if (house().listener == nullptr) return;
  Input input(data, size);
  std::vector<std::vector<uint8_t>> messages;
  while (!input.empty() && messages.size() < kMostMessages) messages.push_back(input.block(input.get<uint16_t>()));
  const std::unique_ptr<Comm> side = house().visit();
  for (const auto& message : messages) {
    Request* request = nullptr;
    (void)side->isend(message.data(), message.size(), nullptr, &request);
  }
  for (int look = 0; look < kLooks; ++look) {
    bool moved = false;
    (void)side->progress(&moved);
    house().look();
  }
}

// A meeting, with an address of so many bytes, and questions behind it.
std::vector<uint8_t> meeting(uint16_t address_bytes, const char* provider) {
  OfiMeetingWire wire{};
  wire.magic = kOfiMeetingMagic;
  wire.version = kOfiWireVersion;
  wire.address_bytes = address_bytes;
  wire.tag = 7;
  std::memcpy(wire.provider, provider, std::strlen(provider));
  wire.address[0] = 2;  // AF_INET
  wire.address[2] = 0x12;
  wire.address[4] = 127;
  wire.address[7] = 1;
  Script script;
  script.put(static_cast<uint16_t>(sizeof(wire))).put(wire);
  return script.put(static_cast<uint16_t>(sizeof(kOfiQuestion))).put(kOfiQuestion).bytes();
}

std::vector<Seed> seeds() {
  return {{"met", meeting(16, kProvider)},
          {"short-address", meeting(3, kProvider)},
          {"no-address", meeting(0, kProvider)},
          {"other-provider", meeting(16, "verbs")}};
}

const Registered registered({"ofi_meeting", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
