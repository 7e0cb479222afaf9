// What travels on a lane: packets, and behind a packet that ends in a ChunkRecord the chunk's payload as a message of
// its own. Both ends are little-endian (checked below); all structs are multiples of 8 bytes.
//
//   packet := PacketHeader record*          payload := the bytes of the last record's chunk
//
// Reliability. Packets with records are numbered by count, each lane and direction from 1; so are chunks. Every header
// acknowledges by count what its sender has received on that lane. What a lost lane has not acknowledged goes again
// over another one: records so that a repeated one changes nothing (messages by their sequence, the rest by nature),
// chunks by the receiver's map of what it has.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hawser::wire {

static_assert(std::endian::native == std::endian::little, "the wire format is the memory of a little-endian machine");

constexpr uint32_t kHelloMagic = 0x52575348;  // "HSWR"
constexpr uint16_t kPacketMagic = 0x5748;     // "HW"
constexpr uint16_t kVersion = 1;
constexpr uint32_t kPacketBytes = 64 * 1024;  // header and records, at most

// The first message of each end on every new connection of a lane.
struct Hello {
  uint32_t magic;
  uint16_t version;
  uint16_t lane;
  uint32_t lane_mask;  // the lanes that the initiator connects
  int32_t rank;
  uint32_t checksum;     // 1: this end wants checksums
  uint32_t incarnation;  // how often this lane was connected before
  char device[16];
  char host[64];
  uint64_t ticket[2];  // what the connector comes for, where both ends agreed on it by other means; else 0
  uint32_t sum;        // CRC32C of the hello with this field zero
  int32_t pid;         // of the sender, on its host, for messages; 0: not told
};
static_assert(sizeof(Hello) == 128);

struct PacketHeader {
  uint16_t magic;
  uint16_t version;
  uint32_t bytes;             // with the header
  uint32_t packets_received;  // packets with records, on this lane since it was connected
  uint32_t chunks_received;   // likewise, refused ones included
  uint32_t checksum;          // CRC32C of the packet with this field zero; 0 when flag is off
  uint32_t flags;
  uint64_t consumed;  // credit: the cost of all messages that found their receive, since the link began
};
static_assert(sizeof(PacketHeader) == 32);
constexpr uint32_t kPacketChecksummed = 1;

enum class Kind : uint8_t {
  kMessage = 1,
  kReady = 2,
  kChunk = 3,
  kRefusedChunk = 4,
  kLaneDown = 5,
  kRejected = 6,
  kWithdrawn = 7,
  kGoodbye = 8,
};

struct RecordHeader {
  Kind kind;
  uint8_t flags;
  uint16_t reserved;
  uint32_t bytes;  // with the header and an inline payload, without its padding to 8
};
static_assert(sizeof(RecordHeader) == 8);

// A message begins. kInline: its payload follows in the packet. kEager: its only chunk follows behind this packet.
// kVoid: it was withdrawn before it was announced. None: announced; chunks come when the receiver says kReady.
struct MessageRecord {
  static constexpr uint8_t kInline = 1;
  static constexpr uint8_t kEager = 2;
  static constexpr uint8_t kVoid = 4;
  RecordHeader header;
  uint64_t sequence;  // of the link and direction, from 0: messages are matched in this order
  uint64_t tag;
  uint64_t bytes;
  uint64_t send;  // the sender's number, never used twice on a link
  uint64_t chunk_bytes;
};

struct ReadyRecord {  // receiver to sender: a receive waits for this message
  RecordHeader header;
  uint64_t send;
};

struct ChunkRecord {  // the last of its packet
  static constexpr uint8_t kChecksummed = 1;
  RecordHeader header;
  uint64_t send;
  uint64_t offset;
  uint32_t bytes;
  uint32_t checksum;
};

struct RefusedChunkRecord {  // receiver to sender, on the chunk's own lane: its checksum was wrong
  RecordHeader header;
  uint64_t ordinal;  // which chunk of the lane, from 1
};

struct LaneDownRecord {  // this end has given the lane up
  RecordHeader header;
  uint32_t lane;
  uint32_t incarnation;
};

struct EndRecord {  // kRejected (receiver to sender) and kWithdrawn (sender to receiver): no more of this message
  RecordHeader header;
  uint64_t send;
  int64_t code;  // a hawser_code
};

struct GoodbyeRecord {
  RecordHeader header;
};

constexpr uint32_t padded(uint32_t bytes) { return (bytes + 7u) & ~7u; }

constexpr uint32_t kLeastChunk = 4096;  // but for a message's last

// Messages up to here travel inside packets: 32 KiB with an envelope around them. Copying them costs less than giving a
// chunk to a lane, which takes a round of the driver more.
constexpr uint32_t kInlineBytes = 33 * 1024;
static_assert(sizeof(PacketHeader) + sizeof(MessageRecord) + kInlineBytes <= kPacketBytes);

// Credit: how much may wait at the receiver without a receive, and what a message costs.
constexpr uint64_t kCredit = 4u << 20;
constexpr uint64_t kMessageCost = 128;
constexpr uint64_t kAnnouncementCredit = 1u << 20;  // for announcements alone, when payload has used up the rest

}  // namespace hawser::wire
