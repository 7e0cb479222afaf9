#include "lane/lane.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/crc32c.h"

namespace hawser {

namespace {

// Packets that may wait for their acknowledgement without one being sent for their sake.
constexpr uint32_t kLazyPackets = 8;
// A rate that was not confirmed for so long is no longer believed: the lane may have recovered.
constexpr Nanos kRateLifetime = 2 * kSecond;
// Before that, the rate of a lane that stands idle while others work is doubted more and more: a lane that was measured
// low once, perhaps for the peer's sake, must be given another chunk to show what it can.
constexpr Nanos kRateDoubt = 100 * kMillisecond;

}  // namespace

Lane::Lane(LaneOwner& owner, Channel& channel, const DeviceMemories& devices, hawser_lane_state* state,
           hawser_chunk* chunks)
    : owner_(owner),
      channel_(channel),
      devices_(devices),
      state_(*state),
      chunks_(chunks, HAWSER_CHUNK_RING, &state->submitted_chunks, &state->taken_chunks) {}

Status Lane::initialise() {
  if (Status status = memory_.allocate(size_t{kSlots + 1} * wire::kPacketBytes); !status.ok()) return status;
  packet_memory_ = memory_.data() + size_t{kSlots} * wire::kPacketBytes;
  return {};
}

void Lane::go_live() {
  slots_built_ = slots_freed_ = packets_sent_ = 0;
  packet_bytes_in_flight_ = 0;
  outgoing_first_ = outgoing_last_ = 0;
  chunks_sent_ = chunks_settled_ = 0;
  acknowledgements_out_ = 0;
  packet_ = nullptr;
  said_goodbye_ = false;
  read_in_passing_ = true;  // the peer's first packets may have come with its hello
  packets_received_ = chunks_received_ = packets_told_ = chunks_told_ = 0;
  channel_.window.clear();
  alive_ = true;
  store_relaxed(state_.rate, 0);
  store_relaxed(state_.alive, 1);
}

void Lane::lose() {
  alive_ = false;
  store_relaxed(state_.alive, 0);
  store_relaxed(state_.losses, state_.losses + 1);
  channel_.comm.reset();
  lose_landing();
  for (uint32_t slot = slots_freed_; slot != slots_built_; ++slot) {
    owner_.outbox().requeue(slot_memory(slot), slots_[slot % kSlots].bytes);
  }
  // Chunks that the comm had not reported as written; some may be acknowledged already.
  for (; outgoing_first_ != outgoing_last_; ++outgoing_first_) {
    count_written(&outgoing_[outgoing_first_ % outgoing_.size()]);
  }
  for (int i = 0; i < channel_.window.size(); ++i) {
    const WindowEntry& entry = channel_.window.at(i);
    entry.span.finish();
    store_relaxed(state_.returned_bytes, state_.returned_bytes + entry.bytes);
    store_relaxed(state_.returned_chunks, state_.returned_chunks + 1);
    if (entry.slot != nullptr) give_back(entry.slot);
    if (entry.send != nullptr) tell_returned(entry.id, entry.offset, entry.bytes);
  }
  channel_.window.clear();
  lose_departures();
  while (const hawser_chunk* chunk = chunks_.front()) {
    if (owner_.outbox().find(chunk->id) != nullptr) tell_returned(chunk->id, chunk->offset, chunk->bytes);
    skip_chunk(*chunk);
  }
  local_.clear();
  slots_freed_ = slots_built_;
  packet_bytes_in_flight_ = 0;
}

void Lane::count_returned(const hawser_chunk& chunk) {
  store_relaxed(state_.returned_bytes, state_.returned_bytes + chunk.bytes);
  store_relaxed(state_.returned_chunks, state_.returned_chunks + 1);
}

void Lane::tell_returned(uint64_t id, uint64_t offset, uint64_t bytes) {
  hawser_event event = make_done(HAWSER_EVENT_CHUNK_RETURNED, owner_.id(), id, HAWSER_OK, bytes);
  event.offset = offset;
  event.lane = index();
  owner_.events().post(event);
}

void Lane::skip_chunk(const hawser_chunk& chunk) {
  count_returned(chunk);
  store_relaxed(state_.written_chunks, state_.written_chunks + 1);
  chunks_.pop();
}

bool Lane::has_room() const {
  if (!alive_) return false;
  const uint64_t submitted = load_relaxed(state_.submitted_chunks);
  return submitted == state_.written_chunks && submitted - state_.acked_chunks - state_.returned_chunks < HAWSER_WINDOW;
}

bool Lane::can_take_packet() const { return alive_ && slots_in_use() < kSlots && channel_.comm->writable(); }

void Lane::age_rate(Nanos time, uint64_t best) {
  const Nanos idle = channel_.window.is_empty() ? time - delivered_at_ : 0;
  if (state_.rate == 0 || idle < kRateDoubt) return;
  store_relaxed(state_.rate, idle > kRateLifetime ? 0 : std::max(state_.rate, std::min(state_.rate * 2, best)));
}

// ------------------------------------------------------------------------------------------------ sending

void Lane::remember(Outgoing::What what, Request* request) {
  outgoing_[outgoing_last_++ % outgoing_.size()] = {what, request};
}

void Lane::count_written(Outgoing* chunk) {
  // A staged one was counted when it was given a slot.
  if (chunk->what != Outgoing::What::kChunk || chunk->written) return;
  chunk->written = true;
  store_relaxed(state_.written_chunks, state_.written_chunks + 1);
}

void Lane::count_sent(Outgoing* message, size_t bytes) {
  store_relaxed(state_.sent_bytes, state_.sent_bytes + bytes);
  store_relaxed(state_.sent_messages, state_.sent_messages + 1);
  if (message->what == Outgoing::What::kAcknowledgement) --acknowledgements_out_;
  const bool staged = message->what == Outgoing::What::kStagedChunk;
  if (message->what == Outgoing::What::kChunk || staged) {
    count_written(message);
    for (int i = 0; i < channel_.window.size(); ++i) {
      WindowEntry& entry = channel_.window.at(i);
      if (entry.request != message->request) continue;
      entry.request = nullptr;
      if (staged) give_back(std::exchange(entry.slot, nullptr));
      break;
    }
  }
  message->request = nullptr;
}

void Lane::collect_sent() {
  for (uint32_t i = outgoing_first_; i != outgoing_last_; ++i) {
    Outgoing& outgoing = outgoing_[i % outgoing_.size()];
    if (outgoing.request == nullptr) continue;
    if (channel_.comm->is_leaving(outgoing.request)) count_written(&outgoing);
    size_t bytes = 0;
    if (channel_.comm->test(outgoing.request, &bytes)) count_sent(&outgoing, bytes);
  }
  while (outgoing_first_ != outgoing_last_ && outgoing_[outgoing_first_ % outgoing_.size()].request == nullptr) {
    ++outgoing_first_;
  }
}

bool Lane::next_chunk(Departure* next) {
  if (channel_.window.is_full()) return false;
  if (!departures_.is_empty() && next_staged(next)) return true;
  while (const hawser_chunk* chunk = chunks_.front()) {
    next->send = owner_.outbox().find(chunk->id);
    if (next->send == nullptr) {
      skip_chunk(*chunk);  // its send has ended
      continue;
    }
    if (next->send->device != nullptr && !direct(next->send->memory, chunk->bytes))
      return false;  // it waits for a slot
    next->chunk = *chunk;
    return true;
  }
  return false;
}

void Lane::put_chunk(PacketWriter& packet, const Departure& next) {
  const Send& send = *next.send;
  const hawser_chunk& chunk = next.chunk;
  if (send.eager) {
    packet.put(Outbox::message_record(send, wire::MessageRecord::kEager));
  }
  // Where the comm itself reads a GPU's memory, the host cannot sum it.
  const bool checksum = owner_.checksum() && (send.device == nullptr || next.slot != nullptr);
  const unsigned char* data = next.slot == nullptr ? send.data + chunk.offset : next.slot->data;
  auto record =
      make_record<wire::ChunkRecord>(wire::Kind::kChunk, checksum ? wire::ChunkRecord::kChecksummed : uint8_t{0});
  record.send = send.number;
  record.offset = chunk.offset;
  record.bytes = static_cast<uint32_t>(chunk.bytes);
  record.checksum = checksum ? crc32c(0, data, chunk.bytes) : 0;
  packet.put(record);
}

void Lane::fill_header(unsigned char* packet, uint32_t bytes) {
  wire::PacketHeader header{};
  header.magic = wire::kPacketMagic;
  header.version = wire::kVersion;
  header.bytes = bytes;
  header.packets_received = packets_told_ = packets_received_;
  // The word that a chunk was refused must not come after the count that settles it.
  if (local_.empty()) chunks_told_ = chunks_received_;
  header.chunks_received = chunks_told_;
  header.consumed = owner_.tell_credit();
  header.flags = owner_.checksum() ? wire::kPacketChecksummed : 0;
  std::memcpy(packet, &header, sizeof(header));
  if (header.flags == 0) return;
  header.checksum = crc32c(0, packet, bytes);
  std::memcpy(packet, &header, sizeof(header));
}

Status Lane::send_packet(bool records, bool* sent) {
  Departure next;
  const bool has_chunk = next_chunk(&next);
  const bool wants_records = records && owner_.outbox().has_records();
  *sent = false;
  if ((!has_chunk && !wants_records && local_.empty()) || slots_in_use() == kSlots) return {};

  unsigned char* memory = slot_memory(slots_built_);
  PacketWriter packet(memory);
  if (!local_.empty()) packet.put_bytes(local_.data(), local_.size());
  local_.clear();
  if (wants_records) owner_.outbox().fill(packet);
  const bool with_chunk = has_chunk && packet.fits(sizeof(wire::MessageRecord) + sizeof(wire::ChunkRecord));
  if (with_chunk) put_chunk(packet, next);
  if (packet.is_empty()) return {};
  fill_header(memory, packet.bytes());
  // From here on the packet counts as unacknowledged: should the comm refuse it, its records go again elsewhere.
  slots_[slots_built_++ % kSlots] = {packet.bytes(), ++packets_sent_};
  packet_bytes_in_flight_ += packet.bytes();

  Request* request = nullptr;
  if (Status status = channel_.comm->isend(memory, packet.bytes(), nullptr, &request); !status.ok()) return status;
  if (request == nullptr) return {HAWSER_LANE_LOST, "the transport has no request left for a packet"};
  remember(Outgoing::What::kPacket, request);
  *sent = true;
  return with_chunk ? send_chunk(next) : Status();
}

Status Lane::send_chunk(const Departure& next) {
  const hawser_chunk& chunk = next.chunk;
  StagingSlot* const slot = next.slot;
  const unsigned char* data = slot == nullptr ? next.send->data + chunk.offset : slot->data;
  Memory* const memory = channel_.memory(slot == nullptr ? next.send->memory : slot->memory);
  WindowEntry entry;
  if (Status status = channel_.comm->isend(data, chunk.bytes, memory, &entry.request); !status.ok()) return status;
  if (entry.request == nullptr) return {HAWSER_LANE_LOST, "the transport has no request left for a chunk"};
  entry.send = next.send;
  entry.slot = slot;
  entry.id = chunk.id;
  entry.offset = chunk.offset;
  entry.bytes = chunk.bytes;
  entry.span = ranges::Span::begin("chunk", chunk.bytes);
  if (channel_.window.is_empty()) begin_delivery(now());
  entry.delivered_at = delivered_at_;
  entry.delivered_bytes = delivered_bytes_;
  remember(slot == nullptr ? Outgoing::What::kChunk : Outgoing::What::kStagedChunk, entry.request);
  channel_.window.add(entry);
  ++chunks_sent_;
  if (slot == nullptr) {
    chunks_.pop();
  } else {
    Departure departed;
    departures_.release_oldest(&departed);
  }
  return {};
}

Status Lane::send(bool* moved, bool records) {
  while (alive_) {
    if (devices_.any()) stage();
    if (!channel_.comm->writable()) break;
    bool sent = false;
    if (Status status = send_packet(records, &sent); !status.ok()) return status;
    if (!sent) break;
    *moved = true;
    if (Status status = push(); !status.ok()) return status;
    settle();
    if (records) break;  // the next packet of records may belong on another lane
  }
  return {};
}

Status Lane::acknowledge(bool now_all) {
  if (!alive_) return {};
  const bool chunks_due = chunks_received_ != chunks_told_ && local_.empty();
  const bool due = now_all || chunks_due || packets_received_ - packets_told_ >= kLazyPackets;
  if (!due || acknowledgements_out_ == kAcknowledgements) return {};
  unsigned char* memory = acknowledgement_[acknowledgement_next_++ % kAcknowledgements].data();
  fill_header(memory, sizeof(wire::PacketHeader));
  Request* request = nullptr;
  if (Status status = channel_.comm->isend(memory, sizeof(wire::PacketHeader), nullptr, &request); !status.ok()) {
    return status;
  }
  if (request == nullptr) return {HAWSER_LANE_LOST, "the transport has no request left for an acknowledgement"};
  ++acknowledgements_out_;
  remember(Outgoing::What::kAcknowledgement, request);
  return push();
}

Status Lane::push() {
  bool moved = false;
  const Status status = channel_.comm->progress(&moved);
  read_in_passing_ |= moved;
  if (status.ok()) collect_sent();
  return status;
}

void Lane::begin_delivery(Nanos time) {
  // What the lane was idle for counts neither for the chunk that ends it nor for those sent before that one arrives.
  if (time - delivered_at_ > kRateLifetime) store_relaxed(state_.rate, 0);
  delivered_at_ = time;
}

void Lane::measure(const WindowEntry& entry, Nanos time) {
  // As BBR samples delivery: what the lane delivered since this chunk was sent, over the time since the delivery
  // before.
  delivered_bytes_ += entry.bytes;
  delivered_at_ = time;
  const Nanos interval = time - entry.delivered_at;
  if (interval <= 0) return;
  const double sample =
      static_cast<double>(delivered_bytes_ - entry.delivered_bytes) * 1e9 / static_cast<double>(interval);
  const double rate = state_.rate == 0 ? sample : 0.7 * static_cast<double>(state_.rate) + 0.3 * sample;
  store_relaxed(state_.rate, static_cast<uint64_t>(std::max(rate, 1.0)));
}

void Lane::settle() {
  if (channel_.window.is_empty()) return;
  WindowEntry entry;
  const Nanos time = now();
  while (channel_.window.release_oldest(&entry)) {
    entry.span.finish();
    if (entry.refused) {
      store_relaxed(state_.returned_bytes, state_.returned_bytes + entry.bytes);
      store_relaxed(state_.returned_chunks, state_.returned_chunks + 1);
      if (entry.send != nullptr) tell_returned(entry.id, entry.offset, entry.bytes);
      continue;
    }
    measure(entry, time);
    store_relaxed(state_.acked_bytes, state_.acked_bytes + entry.bytes);
    store_relaxed(state_.acked_chunks, state_.acked_chunks + 1);
    if (entry.send != nullptr) owner_.outbox().acknowledge(entry.send, entry.bytes);
  }
}

void Lane::forget(const Send* send) {
  for (int i = 0; i < channel_.window.size(); ++i) {
    WindowEntry& entry = channel_.window.at(i);
    if (entry.send != send) continue;
    // A slot's bytes are the lane's own.
    if (entry.request != nullptr && entry.slot == nullptr) channel_.comm->detach(entry.request);
    entry.send = nullptr;
  }
  for (int i = 0; i < departures_.size(); ++i) {
    if (departures_.at(i).send == send) departures_.at(i).send = nullptr;
  }
}

}  // namespace hawser
