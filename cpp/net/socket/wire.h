// What the socket transport writes to the wire and into handles. Little-endian, but addresses and ports, which are in
// network order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/transport.h"

namespace hawser {

static_assert(std::endian::native == std::endian::little, "the wire structs below are used as they lie in memory");

constexpr uint16_t kSocketWireVersion = 1;
constexpr uint32_t kHandleMagic = 0x4C485748;     // "HWHL"
constexpr uint32_t kOfiHandleMagic = 0x46485748;  // "HWHF": the network ofi, whose lanes meet over TCP connections
constexpr uint32_t kHelloMagic = 0x4F485748;      // "HWHO"
constexpr uint32_t kWelcomeMagic = 0x45575748;    // "HWWE"
constexpr uint32_t kFrameMagic = 0x524D5748;      // "HWMR"
constexpr size_t kTokenBytes = 16;
constexpr uint32_t kMaxSocketsPerLane = 16;

struct HandleWire {
  uint32_t magic;
  uint16_t version;
  uint8_t family;   // 4 or 6
  uint8_t sockets;  // connections that make one lane
  unsigned char token[kTokenBytes];
  unsigned char address[16];
  unsigned char port[2];
  char device[16];  // NUL-terminated
  unsigned char zero[70];
};
static_assert(sizeof(HandleWire) == HAWSER_HANDLE_BYTES);

// The connector's first bytes on each connection.
struct HelloWire {
  uint32_t magic;
  uint16_t version;
  uint8_t index;  // of this connection in its lane
  uint8_t count;  // connections of the lane
  unsigned char token[kTokenBytes];
  unsigned char connector[16];  // the same random bytes on all connections of one attempt
};
static_assert(sizeof(HelloWire) == 40);

// The listener's answer on each connection, once all of the lane are there.
struct WelcomeWire {
  uint32_t magic;
  uint16_t version;
  uint16_t zero;
};
static_assert(sizeof(WelcomeWire) == 8);

// In front of every message, on the lane's first connection.
struct FrameWire {
  uint32_t bytes;
  uint32_t magic;
};
static_assert(sizeof(FrameWire) == 8);

inline HandleWire read_handle(const Handle& handle) {
  HandleWire wire;
  std::memcpy(&wire, handle.bytes, sizeof wire);
  return wire;
}

// Messages of at least this length are spread over all connections of a lane, `sockets` of them.
constexpr size_t slicing_begins(size_t sockets) { return sockets * 64 * 1024; }

// The piece of a message of `bytes` that travels on connection `index`.
struct Slice {
  size_t offset;
  size_t bytes;
};

constexpr Slice slice_of(size_t bytes, size_t sockets, size_t index) {
  if (sockets == 1 || bytes < slicing_begins(sockets)) return index == 0 ? Slice{0, bytes} : Slice{bytes, 0};
  const size_t each = bytes / sockets;
  const size_t offset = each * index;
  return {offset, index + 1 == sockets ? bytes - offset : each};
}

}  // namespace hawser
