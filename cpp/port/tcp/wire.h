// What travels on the link of a Tcp connection: messages of records on one tag, the payloads of large puts on another,
// in the order of their records. The bytes of a small put follow its record.
#pragma once

#include "hawser_port.h"
#include "lane/wire.h"

namespace hawser::port::tcp {

constexpr uint64_t kRecordTag = 1;
constexpr uint64_t kPayloadTag = 2;
constexpr uint32_t kMessageBytes = wire::kInlineBytes;  // of records, at most: what the lanes send in one packet

enum class Kind : uint32_t {
  kPut = 1,       // memory, key, offset, bytes, value: the memory that it comes from; padded to 8
  kLargePut = 2,  // the same, without the bytes
  kSignal = 3,    // memory, key, offset: of a hawser_port_word; value
  kFence = 4,     // value: the mark
  kFenced = 5,    // value: all before this mark and before those below has landed
};

struct Record {
  Kind kind;
  uint32_t reserved;
  uint64_t memory;  // its number at who receives
  uint64_t key;     // of the memory, known only to those who were told of it
  uint64_t offset;
  uint64_t bytes;
  uint64_t value;
};
static_assert(sizeof(Record) == 48);

constexpr uint64_t kSmallPut = HAWSER_PORT_INLINE;  // larger ones are read from and written to the memories themselves
static_assert(sizeof(Record) + kSmallPut <= kMessageBytes);

constexpr uint64_t padded(uint64_t bytes) { return (bytes + 7) & ~uint64_t{7}; }

}  // namespace hawser::port::tcp
