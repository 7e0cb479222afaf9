// What the plugin transport writes to the wire and into handles. Little-endian. Every message of ours begins with its
// own length, as some plugins do not tell what they received.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/nccl_abi.h"
#include "net/transport.h"

namespace hawser {

static_assert(std::endian::native == std::endian::little, "the wire structs below are used as they lie in memory");

constexpr uint32_t kPluginHandleMagic = 0x504E5748;   // "HWNP"
constexpr uint32_t kPluginHelloMagic = 0x4C485748;    // "HWHL"
constexpr uint32_t kPluginWelcomeMagic = 0x45575748;  // "HWWE"
constexpr uint32_t kPluginFrameMagic = 0x46505748;    // "HWPF"
constexpr uint16_t kPluginWireVersion = 2;

// The plugin's handle may fill all 128 bytes that ours has, but is mostly zeros: which bytes are not is told by a bit
// each, and only these are carried. Behind them there is room for the device's name, or its beginning.
struct PluginHandleWire {
  static constexpr size_t kCarried = 96;
  uint32_t magic;
  uint16_t version;
  uint16_t used;  // bytes of `carried`
  uint64_t token;
  unsigned char present[nccl::kHandleBytes / 8];
  unsigned char carried[kCarried];
};
static_assert(sizeof(PluginHandleWire) == HAWSER_HANDLE_BYTES);

// False when the plugin's handle has more bytes that are not zero than can be carried.
bool pack_handle(const unsigned char (&plugin)[nccl::kHandleBytes], const std::string& device, PluginHandleWire* out);
// False when it is damaged.
bool unpack_handle(const PluginHandleWire& wire, unsigned char (&plugin)[nccl::kHandleBytes]);
std::string device_of_handle(const PluginHandleWire& wire);

// What comms of the plugin are made for: in this order.
enum class PluginPurpose : uint16_t { kFrames, kPayloads };

// The connector's first message on a comm. It has one direction: this tells where the other is to be made.
struct PluginHelloWire {
  uint32_t magic;
  uint16_t version;
  PluginPurpose purpose;
  uint64_t token;  // of the handle
  uint64_t segment_bytes;
  unsigned char plugin[nccl::kHandleBytes];
};
static_assert(sizeof(PluginHelloWire) == 152);

// The listener's answer, on the other direction.
struct PluginWelcomeWire {
  uint32_t magic;
  uint16_t version;
  PluginPurpose purpose;
  uint64_t segment_bytes;
};
static_assert(sizeof(PluginWelcomeWire) == 16);

// A frame is one message of the plugin. It announces messages of ours: `count` entries, then the payloads of those that
// are not apart, each padded to 8 bytes. Those that are apart go by the comms for payloads, in order, cut in segments
// of the shorter segment_bytes of both ends.
struct PluginFrameWire {
  uint32_t magic;
  uint32_t sequence;  // of the frame, from 0
  uint32_t bytes;     // of the whole frame
  uint32_t count;
};
static_assert(sizeof(PluginFrameWire) == 16);

struct PluginEntryWire {
  uint32_t bytes;
  uint32_t apart;  // 1 or 0
};
static_assert(sizeof(PluginEntryWire) == 8);

constexpr size_t kPluginFrameBytes = size_t{128} * 1024;
// Messages up to here travel inside frames: they are copied, and need no registration of their own.
constexpr size_t kPluginInlineBytes = size_t{48} * 1024;

constexpr size_t padded_to_8(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

}  // namespace hawser
