// What lane communicators say to each other over a link, little endian; org.hawser.comm.Envelope is the twin in Java.
//
//   u8 version | u8 kind | u16 key bytes | u32 0 | u64 payload bytes | u64 sequence
//   the key, and zeros up to a multiple of 8
//   the payload, in an envelope of the kind kWhole
//
// The payload of a kAnnounced message is a transfer of its own under the tag kInbox | sequence; sequences count from 1,
// for each link and direction. A kAbort has no key, and a reason as payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hawser {

constexpr uint64_t kInbox = uint64_t{1} << 63;  // the tag of envelopes
constexpr uint64_t kEnvelopeBytes = 65536;      // the longest envelope
constexpr size_t kMaxKeyBytes = 1024;

// A message's name, in two parts so that nobody has to join them.
struct MessageKey {
  std::string_view prefix;
  std::string_view name;

  size_t size() const { return prefix.size() + name.size(); }
};

struct Envelope {
  enum Kind : uint8_t { kWhole = 0, kAnnounced = 1, kAbort = 2 };

  Kind kind = kWhole;
  std::string_view key;
  const unsigned char* payload = nullptr;
  uint64_t payload_bytes = 0;
  uint64_t sequence = 0;
};

// Where the payload begins behind a key of so many bytes.
uint64_t payload_at(size_t key_bytes);

// Whether a message travels in one envelope.
bool is_whole(size_t key_bytes, uint64_t payload_bytes);

// Writes all but the payload.
void write_envelope(Envelope::Kind kind, const MessageKey& key, uint64_t payload_bytes, uint64_t sequence,
                    unsigned char* to);

// The result points into the bytes. False, with the reason, for an envelope that contradicts itself.
bool read_envelope(const unsigned char* at, uint64_t bytes, Envelope* out, std::string* why);

}  // namespace hawser
