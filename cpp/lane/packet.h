// Writing and reading the records of one packet.
#pragma once

#include <cstdint>
#include <cstring>

#include "lane/wire.h"

namespace hawser {

template <typename Record>
Record make_record(wire::Kind kind, uint8_t flags = 0) {
  Record record{};
  record.header.kind = kind;
  record.header.flags = flags;
  record.header.bytes = sizeof(Record);
  return record;
}

// Appends records to a packet's memory of wire::kPacketBytes; the header is the lane's to fill.
class PacketWriter {
 public:
  explicit PacketWriter(unsigned char* packet) : packet_(packet) {}

  uint32_t bytes() const { return used_; }
  bool is_empty() const { return used_ == sizeof(wire::PacketHeader); }
  bool fits(uint32_t bytes) const { return wire::padded(bytes) <= wire::kPacketBytes - used_; }

  template <typename Record>
  void put(const Record& record) {
    put_bytes(&record, sizeof(Record));
  }

  // A record with an inline payload: record.header.bytes covers both.
  template <typename Record>
  void put(const Record& record, const void* payload, size_t payload_bytes) {
    std::memcpy(packet_ + used_, &record, sizeof(Record));
    if (payload_bytes != 0) std::memcpy(packet_ + used_ + sizeof(Record), payload, payload_bytes);
    used_ += wire::padded(static_cast<uint32_t>(sizeof(Record) + payload_bytes));
  }

  void put_bytes(const void* record, size_t bytes) {
    std::memcpy(packet_ + used_, record, bytes);
    used_ += wire::padded(static_cast<uint32_t>(bytes));
  }

 private:
  unsigned char* packet_;
  uint32_t used_ = sizeof(wire::PacketHeader);
};

// Walks the records of a packet whose header has been checked. Nothing outside [packet, packet + bytes) is read.
class PacketReader {
 public:
  PacketReader(const unsigned char* packet, uint32_t bytes) : packet_(packet), bytes_(bytes) {}

  // The next record's header and place; false at the end or when the rest is malformed (see malformed()).
  bool next(wire::RecordHeader* header, const unsigned char** record) {
    if (at_ == bytes_) return false;
    if (bytes_ - at_ < sizeof(wire::RecordHeader)) return fail();
    std::memcpy(header, packet_ + at_, sizeof(*header));
    if (header->bytes < sizeof(wire::RecordHeader) || header->bytes > bytes_ - at_) return fail();
    *record = packet_ + at_;
    const uint32_t step = wire::padded(header->bytes);
    at_ = step > bytes_ - at_ ? bytes_ : at_ + step;
    return true;
  }

  bool at_end() const { return at_ == bytes_; }
  bool malformed() const { return malformed_; }

  // Copies a whole record out (records are not aligned to their own type's needs in general).
  template <typename Record>
  static bool read(const wire::RecordHeader& header, const unsigned char* at, Record* out) {
    if (header.bytes < sizeof(Record)) return false;
    std::memcpy(out, at, sizeof(Record));
    return true;
  }

 private:
  bool fail() {
    malformed_ = true;
    return false;
  }

  const unsigned char* packet_;
  uint32_t bytes_;
  uint32_t at_ = sizeof(wire::PacketHeader);
  bool malformed_ = false;
};

}  // namespace hawser
