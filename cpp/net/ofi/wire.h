// What the ofi transport writes into handles and says on the side connection while two ends meet. A handle is one of
// the socket transport, by which the side connection is made, under a name of its own.
#pragma once

#include "net/socket/wire.h"

namespace hawser {

constexpr uint16_t kOfiWireVersion = 1;
constexpr uint32_t kOfiMeetingMagic = 0x464F5748;  // "HWOF"
constexpr size_t kOfiAddressBytes = 256;           // libfabric's longest are names in shared memory, well below

// The first message of each end.
struct OfiMeetingWire {
  uint32_t magic;
  uint16_t version;
  uint16_t address_bytes;
  uint64_t tag;
  char provider[48];  // NUL-terminated
  unsigned char address[kOfiAddressBytes];
};
static_assert(sizeof(OfiMeetingWire) == 320);

// What the ends say afterwards: whether the other's driver is at work, and that this one's is.
constexpr uint64_t kOfiQuestion = 0x3F45565941485748;  // "HWHAYVE?"
constexpr uint64_t kOfiAnswer = 0x214559415748574A;

// Where the side connection of a listener's `handle` is made.
inline Handle side_handle(const Handle& handle) {
  HandleWire wire = read_handle(handle);
  wire.magic = kHandleMagic;
  Handle side;
  std::memcpy(side.bytes, &wire, sizeof(wire));
  return side;
}

}  // namespace hawser
