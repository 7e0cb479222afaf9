// The receiving half of a lane.
#include <cstring>
#include <utility>

#include "base/crc32c.h"
#include "lane/lane.h"

namespace hawser {

namespace {

// Packets read in one call, so that one busy lane does not keep the others waiting.
constexpr int kPacketsPerCall = 64;
constexpr uint32_t kLargestChunk = 1u << 30;

}  // namespace

Status Lane::expect_packet() {
  // What is dropped has one place to be dropped in: it comes alone.
  const bool dropping = !comings_.empty() && comings_.back().landing.data == nullptr;
  if (packet_ != nullptr || landing_waits() || dropping || comings_.full()) return {};
  return channel_.comm->irecv(packet_memory_, wire::kPacketBytes, nullptr, &packet_);
}

Status Lane::receive(bool* moved) {
  if (!alive_) return {};
  read_in_passing_ = false;
  if (Status status = expect_packet(); !status.ok()) return status;
  // What arrived before the comm broke still counts (a goodbye is followed by the end of the stream).
  bool read = false;
  Status broken = channel_.comm->progress(&read);
  *moved |= read;
  for (int packets = 0; packets < kPacketsPerCall;) {
    size_t bytes = 0;
    Request* const payload = comings_.empty() ? nullptr : comings_.front().payload;
    if (payload != nullptr && channel_.comm->test(payload, &bytes)) {
      end_chunk();
      if (Status status = expect_packet(); !status.ok()) return status;
      *moved = true;
    } else if (packet_ != nullptr && channel_.comm->test(packet_, &bytes)) {
      packet_ = nullptr;
      ++packets;
      if (Status status = on_packet(bytes); !status.ok()) return status;
      if (!alive_) return {};  // the packet told that the lane is to be given up
      if (Status status = expect_packet(); !status.ok()) return status;
      *moved = true;
    } else if (broken.ok() && channel_.comm->ready()) {
      bool more = false;
      broken = channel_.comm->progress(&more);
      if (!more) break;
      *moved = true;
    } else {
      break;
    }
  }
  collect_sent();
  settle();
  return broken;
}

Status Lane::on_packet(size_t bytes) {
  wire::PacketHeader header{};
  if (bytes < sizeof(header)) return {HAWSER_LANE_LOST, "the peer sent a packet without a header"};
  std::memcpy(&header, packet_memory_, sizeof(header));
  if (header.magic != wire::kPacketMagic || header.version != wire::kVersion || header.bytes != bytes) {
    return {HAWSER_LANE_LOST, "the peer sent a malformed packet"};
  }
  // Both ends know whether there is one: a wrong bit must not be able to say that there is none.
  if (((header.flags & wire::kPacketChecksummed) != 0) != owner_.checksum()) {
    return {HAWSER_LANE_LOST, "the peer sent a packet with or without a checksum, not as agreed"};
  }
  if (owner_.checksum()) {
    wire::PacketHeader blank = header;
    blank.checksum = 0;
    std::memcpy(packet_memory_, &blank, sizeof(blank));
    if (crc32c(0, packet_memory_, bytes) != header.checksum) {
      store_relaxed(state_.checksum_errors, state_.checksum_errors + 1);
      return {HAWSER_LANE_LOST, "a packet arrived with a wrong checksum: the device or its driver corrupts data"};
    }
  }
  if (header.bytes > sizeof(header)) {
    ++packets_received_;
    store_relaxed(state_.received_messages, state_.received_messages + 1);
    store_relaxed(state_.received_bytes, state_.received_bytes + header.bytes);
    if (Status status = on_records(packet_memory_, header.bytes); !status.ok() || !alive_) return status;
  }
  owner_.outbox().on_credit(header.consumed);
  return on_acknowledged(header);
}

Status Lane::on_acknowledged(const wire::PacketHeader& header) {
  const uint32_t before = slots_in_use() == 0 ? packets_sent_ : slots_[slots_freed_ % kSlots].ordinal - 1;
  if (header.packets_received - before > packets_sent_ - before) {
    return {HAWSER_LANE_LOST, "the peer acknowledged packets that were never sent"};
  }
  // A slot's memory is the comm's until the device has it; what the peer has, the device has given away long ago.
  while (slots_in_use() != 0 && slots_[slots_freed_ % kSlots].ordinal - 1 - before < header.packets_received - before) {
    packet_bytes_in_flight_ -= slots_[slots_freed_ % kSlots].bytes;
    ++slots_freed_;
  }
  const uint32_t settled = header.chunks_received - chunks_settled_;
  if (settled > chunks_sent_ - chunks_settled_) {
    return {HAWSER_LANE_LOST, "the peer acknowledged chunks that were never sent"};
  }
  int entry = 0;
  while (entry < channel_.window.size() && channel_.window.at(entry).settled) ++entry;
  for (uint32_t i = 0; i < settled; ++i) channel_.window.at(entry++).settled = true;
  chunks_settled_ = header.chunks_received;
  return {};
}

Status Lane::on_records(const unsigned char* packet, uint32_t bytes) {
  PacketReader reader(packet, bytes);
  wire::RecordHeader header{};
  const unsigned char* at = nullptr;
  while (reader.next(&header, &at)) {
    if (header.kind == wire::Kind::kChunk && !reader.at_end()) {
      return {HAWSER_LANE_LOST, "the peer sent a chunk that does not end its packet"};
    }
    if (Status status = on_record(header, at); !status.ok()) return status;
    if (!alive_) return {};
  }
  if (reader.malformed()) return {HAWSER_LANE_LOST, "the peer sent a malformed record"};
  return {};
}

Status Lane::on_record(const wire::RecordHeader& header, const unsigned char* at) {
  const auto malformed = [] { return Status{HAWSER_LANE_LOST, "the peer sent a record that is too short"}; };
  switch (header.kind) {
    case wire::Kind::kMessage: {
      wire::MessageRecord record{};
      if (!PacketReader::read(header, at, &record)) return malformed();
      const bool is_inline = (header.flags & wire::MessageRecord::kInline) != 0;
      if (is_inline && record.bytes != header.bytes - sizeof(record)) return malformed();
      return owner_.inbox().on_message(record, at + sizeof(record));
    }
    case wire::Kind::kReady: {
      wire::ReadyRecord record{};
      if (!PacketReader::read(header, at, &record)) return malformed();
      owner_.outbox().on_ready(record.send);
      return {};
    }
    case wire::Kind::kChunk: {
      wire::ChunkRecord record{};
      if (!PacketReader::read(header, at, &record)) return malformed();
      return begin_chunk(record);
    }
    case wire::Kind::kRefusedChunk: {
      wire::RefusedChunkRecord record{};
      if (!PacketReader::read(header, at, &record)) return malformed();
      refuse(record.ordinal);
      return {};
    }
    case wire::Kind::kLaneDown: {
      wire::LaneDownRecord record{};
      if (!PacketReader::read(header, at, &record)) return malformed();
      owner_.on_lane_down(record);
      return {};
    }
    case wire::Kind::kRejected:
    case wire::Kind::kWithdrawn: {
      wire::EndRecord record{};
      if (!PacketReader::read(header, at, &record)) return malformed();
      const int32_t code = record.code < 0 ? static_cast<int32_t>(record.code) : int32_t{HAWSER_INTERNAL};
      if (header.kind == wire::Kind::kRejected) {
        owner_.outbox().on_rejected(record.send, code);
      } else {
        owner_.inbox().on_withdrawn(record.send, code);
      }
      return {};
    }
    case wire::Kind::kGoodbye:
      said_goodbye_ = true;
      owner_.on_goodbye();
      return {};
  }
  return {HAWSER_LANE_LOST, "the peer sent a record of an unknown kind: do both ends run the same version of Hawser?"};
}

Status Lane::begin_chunk(const wire::ChunkRecord& record) {
  if (record.bytes > kLargestChunk) return {HAWSER_LANE_LOST, "the peer sent a chunk of an absurd size"};
  Inbox::Landing landing;
  if (Status status = owner_.inbox().begin_chunk(record, &landing); !status.ok()) return status;
  comings_.push() = {record, landing, nullptr, nullptr};
  return land_chunk();
}

Status Lane::land_chunk() {
  Coming& coming = comings_.back();
  // Each of them may have to wait there for the copies of those before it.
  if (arrivals_.size() + static_cast<int>(comings_.size()) > arrivals_.kCapacity) return {};
  const uint32_t bytes = coming.chunk.bytes;
  unsigned char* data = coming.landing.data;
  Memory* memory = nullptr;
  if (coming.landing.device != nullptr && !direct(coming.landing.incoming->receive.memory, bytes)) {
    Status status = coming.landing.device->take(Staging::Way::kIn, bytes, &coming.slot);
    if (!status.ok()) {
      owner_.inbox().reject(coming.landing.incoming, status.code());  // which forgets the landing
      return land_chunk();
    }
    if (coming.slot == nullptr) return {};
    data = coming.slot->data;
    memory = channel_.memory(coming.slot->memory);
  } else if (data == nullptr) {
    if (sink_.size() < bytes) {
      if (Status status = sink_.allocate(bytes); !status.ok()) return status;
    }
    data = sink_.data();
  } else if (coming.landing.incoming->matched) {
    memory = channel_.memory(coming.landing.incoming->receive.memory);
  }
  if (Status status = channel_.comm->irecv(data, bytes, memory, &coming.payload); !status.ok()) return status;
  if (coming.payload == nullptr) return {HAWSER_LANE_LOST, "the transport has no request left for a chunk's payload"};
  return {};
}

void Lane::end_chunk() {
  const Coming coming = comings_.front();
  comings_.pop();
  const uint32_t bytes = coming.chunk.bytes;
  store_relaxed(state_.received_messages, state_.received_messages + 1);
  store_relaxed(state_.received_bytes, state_.received_bytes + bytes);
  Arrival arrival;
  arrival.landing = coming.landing;
  arrival.chunk = coming.chunk;
  arrival.slot = coming.slot;
  if (arrival.landing.data != nullptr) {
    const bool here = arrival.landing.device == nullptr || arrival.slot != nullptr;
    const bool checked = here && (coming.chunk.header.flags & wire::ChunkRecord::kChecksummed) != 0;
    const unsigned char* data = arrival.slot == nullptr ? arrival.landing.data : arrival.slot->data;
    arrival.corrupt = checked && crc32c(0, data, bytes) != coming.chunk.checksum;
  }
  if (arrival.slot == nullptr && arrivals_.is_empty()) {
    count(arrival);
    return;
  }
  // Chunks are acknowledged by count, in their order: this one waits for the copies of those before it.
  arrival.settled = true;
  arrival.event = arrival.slot;
  if (arrival.slot != nullptr && arrival.landing.data != nullptr && !arrival.corrupt) {
    const Incoming& incoming = *arrival.landing.incoming;
    arrival.landing.device->empty(arrival.slot, arrival.landing.data, bytes, incoming.receive.id);
  }
  arrivals_.add(arrival);  // has room: land_chunk() saw to it
}

void Lane::count(const Arrival& arrival) {
  if (arrival.counts) ++chunks_received_;
  if (arrival.landing.data == nullptr) return;
  if (arrival.corrupt) {
    store_relaxed(state_.checksum_errors, state_.checksum_errors + 1);
    if (!arrival.counts) return;
    auto record = make_record<wire::RefusedChunkRecord>(wire::Kind::kRefusedChunk);
    record.ordinal = chunks_received_;
    tell(record);
    return;
  }
  if (arrival.slot != nullptr && arrival.slot->failed) {
    owner_.inbox().reject(arrival.landing.incoming, HAWSER_IO);
    return;
  }
  owner_.inbox().end_chunk(arrival.landing.incoming, arrival.chunk);
}

Status Lane::settle_arrivals(bool* moved) {
  for (Arrival arrival; arrivals_.release_oldest(&arrival);) {
    count(arrival);
    if (arrival.slot != nullptr) arrival.slot->taken = false;
    *moved = true;
  }
  if (!alive_ || !landing_waits()) return {};
  if (Status status = land_chunk(); !status.ok()) return status;
  if (!landing_waits()) read_in_passing_ = true;
  return {};
}

void Lane::lose_landing() {
  for (; !comings_.empty(); comings_.pop()) {
    if (comings_.front().slot != nullptr) comings_.front().slot->taken = false;
  }
  for (int i = 0; i < arrivals_.size(); ++i) arrivals_.at(i).counts = false;
}

void Lane::refuse(uint64_t ordinal) {
  // The record travels ahead of the count that settles its chunk, in the same packet at the latest.
  int unsettled = 0;
  while (unsettled < channel_.window.size() && channel_.window.at(unsettled).settled) ++unsettled;
  const uint32_t position = static_cast<uint32_t>(ordinal) - chunks_settled_ - 1 + static_cast<uint32_t>(unsettled);
  if (position < static_cast<uint32_t>(channel_.window.size()))
    channel_.window.at(static_cast<int>(position)).refused = true;
}

void Lane::forget(const Incoming* incoming) {
  for (int i = 0; i < arrivals_.size(); ++i) {
    if (arrivals_.at(i).landing.incoming == incoming) arrivals_.at(i).landing = {};
  }
  for (uint32_t i = 0; i < comings_.size(); ++i) {
    Coming& coming = comings_.at(i);
    if (coming.landing.incoming != incoming) continue;
    // What is still to come into a slot does no harm there.
    if (coming.payload != nullptr && coming.slot == nullptr) channel_.comm->detach(coming.payload);
    coming.landing = {};
  }
}

}  // namespace hawser
