#include "spu/yacl/envelope.h"

#include <bit>
#include <cstring>

namespace hawser {

namespace {

constexpr uint8_t kVersion = 1;

struct Header {
  uint8_t version = kVersion;
  uint8_t kind = 0;
  uint16_t key_bytes = 0;
  uint32_t reserved = 0;
  uint64_t payload_bytes = 0;
  uint64_t sequence = 0;
};
static_assert(sizeof(Header) == 24 && std::endian::native == std::endian::little);

}  // namespace

uint64_t payload_at(size_t key_bytes) { return sizeof(Header) + ((key_bytes + 7) & ~size_t{7}); }

bool is_whole(size_t key_bytes, uint64_t payload_bytes) {
  return payload_bytes <= kEnvelopeBytes - payload_at(key_bytes);
}

void write_envelope(Envelope::Kind kind, const MessageKey& key, uint64_t payload_bytes, uint64_t sequence,
                    unsigned char* to) {
  Header header;
  header.kind = kind;
  header.key_bytes = static_cast<uint16_t>(key.size());
  header.payload_bytes = payload_bytes;
  header.sequence = sequence;
  // The padding is in the last word before the payload; without a key that is the header's.
  std::memset(to + payload_at(key.size()) - sizeof(uint64_t), 0, sizeof(uint64_t));
  std::memcpy(to, &header, sizeof(header));
  key.prefix.copy(reinterpret_cast<char*>(to + sizeof(header)), key.prefix.size());
  key.name.copy(reinterpret_cast<char*>(to + sizeof(header) + key.prefix.size()), key.name.size());
}

bool read_envelope(const unsigned char* at, uint64_t bytes, Envelope* out, std::string* why) {
  Header header;
  if (bytes < sizeof(header)) {
    *why = "an envelope has " + std::to_string(bytes) + " bytes; the shortest has " + std::to_string(sizeof(header));
    return false;
  }
  std::memcpy(&header, at, sizeof(header));
  if (header.version != kVersion) {
    *why = "an envelope is of version " + std::to_string(header.version) + ", this party speaks " +
           std::to_string(kVersion) + ": install the same Hawser on both";
    return false;
  }
  const bool announced = header.kind == Envelope::kAnnounced;
  // The payload first: it is compared alone, so that no sum can overflow.
  const bool sound = header.kind <= Envelope::kAbort && header.key_bytes <= kMaxKeyBytes &&
                     header.payload_bytes <= static_cast<uint64_t>(INT64_MAX) && announced == (header.sequence > 0) &&
                     bytes == payload_at(header.key_bytes) + (announced ? 0 : header.payload_bytes);
  if (!sound) {
    *why = "an envelope of " + std::to_string(bytes) + " bytes (kind " + std::to_string(header.kind) + ", key of " +
           std::to_string(header.key_bytes) + ", payload of " + std::to_string(header.payload_bytes) + ", sequence " +
           std::to_string(header.sequence) + ") contradicts itself";
    return false;
  }
  out->kind = static_cast<Envelope::Kind>(header.kind);
  out->key = {reinterpret_cast<const char*>(at) + sizeof(header), header.key_bytes};
  out->payload = at + payload_at(header.key_bytes);
  out->payload_bytes = header.payload_bytes;
  out->sequence = header.sequence;
  return true;
}

}  // namespace hawser
