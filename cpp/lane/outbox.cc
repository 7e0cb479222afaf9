#include "lane/outbox.h"

#include <algorithm>
#include <bit>

namespace hawser {

using wire::MessageRecord;

namespace {

// How long a message waits for credit before it is announced.
constexpr Nanos kCreditPatience = 10 * kMillisecond;

}  // namespace

Outbox::Outbox(EventSink& events, Chunks& chunks, uint32_t link, uint32_t eager_bytes, const ChunkLimits& limits,
               uint32_t lanes)
    : events_(events),
      chunks_(chunks),
      link_(link),
      eager_bytes_(std::min(eager_bytes, limits.least)),
      limits_(limits),
      lanes_(lanes) {}

uint64_t Outbox::chunk_bytes(uint64_t message) const {
  return std::clamp<uint64_t>(std::bit_floor(message / lanes_), limits_.least, limits_.most);
}

Send* Outbox::take_pooled() {
  if (pool_.empty()) {
    sends_.push_back(std::make_unique<Send>());
    return sends_.back().get();
  }
  Send* send = pool_.back();
  pool_.pop_back();
  *send = Send{};
  return send;
}

void Outbox::post(const hawser_op& op, Staging* device) {
  Send* send = take_pooled();
  send->id = op.id;
  send->number = next_number_++;
  send->sequence = next_sequence_++;
  send->tag = op.tag;
  send->data = reinterpret_cast<const unsigned char*>(op.address);
  send->bytes = op.bytes;
  send->chunk_bytes = chunk_bytes(op.bytes);
  send->memory = op.memory;
  send->device = device;
  send->span = ranges::Span::begin("send", op.bytes);
  // A GPU's memory cannot be put in a packet: it leaves as a chunk, however short.
  send->eager = (op.bytes > wire::kInlineBytes || device != nullptr) && op.bytes <= eager_bytes_;
  queue_.push_back(send);
}

uint64_t Outbox::cost(const Send& send, Form form) {
  return wire::kMessageCost + (form == Form::kInline || form == Form::kEager ? send.bytes : 0);
}

Outbox::Form Outbox::form(const Send& send) const {
  const bool is_inline = send.bytes <= wire::kInlineBytes && send.device == nullptr;
  const uint64_t unconsumed = spent_ - consumed_;
  if (is_inline || send.eager) {
    const Form carried = is_inline ? Form::kInline : Form::kEager;
    // The first message always passes, whatever it costs.
    if (unconsumed == 0 || unconsumed + cost(send, carried) <= wire::kCredit) return carried;
    if (!stalled_) return Form::kWait;
  }
  if (unconsumed + wire::kMessageCost > wire::kCredit + wire::kAnnouncementCredit) return Form::kWait;
  return send.bytes == 0 ? Form::kInline : Form::kAnnounced;
}

void Outbox::watch(Nanos time) {
  if (!waits_for_credit()) {
    waiting_since_ = 0;
  } else if (waiting_since_ == 0) {
    waiting_since_ = time;
  } else {
    stalled_ = time - waiting_since_ >= kCreditPatience;
  }
}

void Outbox::activate(Send* send) {
  send->active = true;
  by_id_.emplace(send->id, send);
  by_number_.emplace(send->number, send);
}

void Outbox::tell_ready(Send* send) {
  send->ready = true;
  hawser_event event = make_done(HAWSER_EVENT_SEND_READY, link_, send->id, HAWSER_OK, send->bytes);
  event.offset = send->chunk_bytes;
  events_.post(event);
}

void Outbox::advance() {
  while (!queue_.empty() && form(*queue_.front()) == Form::kEager) {
    Send* send = queue_.front();
    queue_.pop_front();
    spent_ += cost(*send, Form::kEager);
    activate(send);
    tell_ready(send);
  }
}

bool Outbox::has_records() const {
  if (!again_.empty() || !controls_.empty()) return true;
  if (queue_.empty()) return false;
  const Form next = form(*queue_.front());
  return next == Form::kInline || next == Form::kAnnounced;
}

MessageRecord Outbox::message_record(const Send& send, uint8_t flags) {
  auto record = make_record<MessageRecord>(wire::Kind::kMessage, flags);
  record.sequence = send.sequence;
  record.tag = send.tag;
  record.bytes = send.bytes;
  record.send = send.number;
  record.chunk_bytes = send.chunk_bytes;
  if ((flags & MessageRecord::kInline) != 0) record.header.bytes += static_cast<uint32_t>(send.bytes);
  return record;
}

bool Outbox::fill(PacketWriter& packet) {
  const uint32_t before = packet.bytes();
  while (!again_.empty() && packet.fits(static_cast<uint32_t>(again_.front().size()))) {
    packet.put_bytes(again_.front().data(), again_.front().size());
    again_.pop_front();
  }
  while (!controls_.empty() && packet.fits(controls_.front().size)) {
    packet.put_bytes(controls_.front().bytes, controls_.front().size);
    controls_.pop_front();
  }
  while (!queue_.empty()) {
    advance();
    if (queue_.empty()) break;
    Send* send = queue_.front();
    const Form next = form(*send);
    if (next == Form::kWait) break;
    const bool is_inline = next == Form::kInline;
    const auto record = message_record(*send, is_inline ? MessageRecord::kInline : uint8_t{0});
    if (!packet.fits(record.header.bytes)) break;
    queue_.pop_front();
    spent_ += cost(*send, next);
    send->eager = false;
    if (is_inline) {
      packet.put(record, send->data, send->bytes);
      finish(send, HAWSER_OK);
    } else {
      packet.put(record);
      activate(send);
    }
  }
  return packet.bytes() != before;
}

void Outbox::requeue(const unsigned char* packet, uint32_t bytes) {
  PacketReader reader(packet, bytes);
  wire::RecordHeader header{};
  const unsigned char* at = nullptr;
  while (reader.next(&header, &at)) {
    // Chunks and the eager messages that go with them come back through the driver; the rest concerned the lane alone.
    const bool with_chunk = (header.flags & (MessageRecord::kEager | MessageRecord::kVoid)) == MessageRecord::kEager;
    const bool travels = header.kind == wire::Kind::kReady || header.kind == wire::Kind::kRejected ||
                         header.kind == wire::Kind::kWithdrawn || (header.kind == wire::Kind::kMessage && !with_chunk);
    if (travels) again_.emplace_back(at, at + header.bytes);
  }
}

Send* Outbox::find(uint64_t id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() || !found->second->ready ? nullptr : found->second;
}

void Outbox::acknowledge(Send* send, uint64_t bytes) {
  send->acknowledged += bytes;
  if (send->acknowledged == send->bytes) finish(send, HAWSER_OK);
}

void Outbox::finish(Send* send, int32_t code) {
  send->span.finish();
  events_.post(make_done(HAWSER_EVENT_SEND_DONE, link_, send->id, code, code == HAWSER_OK ? send->bytes : 0));
  if (send->active) {
    by_id_.erase(send->id);
    by_number_.erase(send->number);
  }
  pool_.push_back(send);
}

void Outbox::on_ready(uint64_t number) {
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) {
    // It has ended. The word of its withdrawal may have overtaken its announcement on another lane: say it again.
    auto record = make_record<wire::EndRecord>(wire::Kind::kWithdrawn);
    record.send = number;
    record.code = HAWSER_CANCELLED;
    control(record);
    return;
  }
  if (found->second->ready) return;  // told twice after a loss
  tell_ready(found->second);
}

void Outbox::on_rejected(uint64_t number, int32_t code) {
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return;
  Send* send = found->second;
  chunks_.forget(send);
  finish(send, code);
}

void Outbox::on_credit(uint64_t consumed) {
  // Packets of several lanes overtake each other: only the largest count is news. More than was spent would be a lie.
  if (consumed <= consumed_) return;
  consumed_ = std::min(consumed, spent_);
  waiting_since_ = 0;
  stalled_ = false;
}

void Outbox::tell_void(const Send& send, uint8_t flags) {
  // The receiver counts messages in order: a withdrawn one must still be told of.
  control(message_record(send, static_cast<uint8_t>(MessageRecord::kVoid | flags)));
}

bool Outbox::cancel(uint64_t id) {
  const auto queued = std::find_if(queue_.begin(), queue_.end(), [id](Send* send) { return send->id == id; });
  if (queued != queue_.end()) {
    Send* send = *queued;
    queue_.erase(queued);
    tell_void(*send, 0);
    finish(send, HAWSER_CANCELLED);
    return true;
  }
  const auto active = by_id_.find(id);
  if (active == by_id_.end()) return false;
  withdraw(active->second, HAWSER_CANCELLED);
  return true;
}

void Outbox::withdraw(Send* send, int32_t code) {
  chunks_.forget(send);
  // An eager message may not have been told of yet: this record does no harm if it has. Its credit is spent either way.
  if (send->eager) tell_void(*send, MessageRecord::kEager);
  auto record = make_record<wire::EndRecord>(wire::Kind::kWithdrawn);
  record.send = send->number;
  record.code = code;
  control(record);
  finish(send, code);
}

void Outbox::end_all(int32_t code) {
  while (!queue_.empty()) {
    Send* send = queue_.front();
    queue_.pop_front();
    finish(send, code);
  }
  while (!by_id_.empty()) {
    Send* send = by_id_.begin()->second;
    chunks_.forget(send);
    finish(send, code);
  }
  controls_.clear();
  again_.clear();
}

}  // namespace hawser
