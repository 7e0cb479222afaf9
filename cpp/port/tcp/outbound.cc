#include "port/tcp/outbound.h"

#include <algorithm>
#include <cstring>

namespace hawser::port {

using tcp::Record;

TcpOutbound::TcpOutbound(TcpDriver& driver) : driver_(driver) {
  for (size_t i = 0; i < kMessages; ++i) free_messages_.push_back(i);
  for (size_t i = 0; i < kPayloads; ++i) free_payloads_.push_back(i);
}

void TcpOutbound::open(uint32_t link, uint64_t ids) {
  link_ = link;
  ids_ = ids;
}

bool TcpOutbound::send(TcpOperation operation, size_t slot, uint64_t tag, const void* data, uint64_t bytes) {
  hawser_op op{};
  op.kind = HAWSER_OP_SEND;
  op.link = link_;
  op.id = ids_ | tcp_operation_id(operation, slot);
  op.tag = tag;
  op.address = reinterpret_cast<uint64_t>(data);
  op.bytes = bytes;
  if (driver_.try_post(op)) return true;
  hungry_ = true;
  return false;
}

bool TcpOutbound::send_open_message() {
  if (!writing_ || messages_[free_messages_.back()].bytes == 0) return true;
  const size_t slot = free_messages_.back();
  const Message& message = messages_[slot];
  if (!send(TcpOperation::kMessage, slot, tcp::kRecordTag, message.data.get(), message.bytes)) return false;
  free_messages_.pop_back();
  writing_ = false;
  return true;
}

unsigned char* TcpOutbound::room(uint64_t bytes) {
  if (writing_ && messages_[free_messages_.back()].bytes + bytes > tcp::kMessageBytes && !send_open_message()) {
    return nullptr;
  }
  if (free_messages_.empty()) {
    hungry_ = true;
    return nullptr;
  }
  Message& message = messages_[free_messages_.back()];
  if (message.data == nullptr) message.data = std::make_unique_for_overwrite<unsigned char[]>(tcp::kMessageBytes);
  if (!writing_) message.bytes = 0;
  writing_ = true;
  unsigned char* at = message.data.get() + message.bytes;
  message.bytes += static_cast<uint32_t>(bytes);
  return at;
}

bool TcpOutbound::put_record(const Record& record, const void* data, uint64_t bytes) {
  unsigned char* at = room(sizeof(record) + tcp::padded(bytes));
  if (at == nullptr) return false;
  std::memcpy(at, &record, sizeof(record));
  if (bytes == 0) return true;
  std::memcpy(at + sizeof(record), data, bytes);
  std::memset(at + sizeof(record) + bytes, 0, tcp::padded(bytes) - bytes);
  return true;
}

bool TcpOutbound::put(Record record, const void* data) {
  const std::scoped_lock lock(mutex_);
  if (record.bytes <= tcp::kSmallPut) {
    record.kind = tcp::Kind::kPut;
    return put_record(record, data, record.bytes);
  }
  record.kind = tcp::Kind::kLargePut;
  if (free_payloads_.empty()) {
    hungry_ = true;
    return false;
  }
  // The record first: once it is said, the payload must follow, so the ring is asked for its place before.
  const size_t slot = free_payloads_.back();
  if (!put_record(record, nullptr, 0)) return false;
  if (!send(TcpOperation::kPayload, slot, tcp::kPayloadTag, data, record.bytes)) {
    messages_[free_messages_.back()].bytes -= static_cast<uint32_t>(sizeof(record));
    return false;
  }
  free_payloads_.pop_back();
  return true;
}

bool TcpOutbound::say(const Record& record) {
  const std::scoped_lock lock(mutex_);
  return put_record(record, nullptr, 0);
}

void TcpOutbound::flush() {
  const std::scoped_lock lock(mutex_);
  send_open_message();
}

void TcpOutbound::answer() {
  if (fenced_ == 0) return;
  Record record{};
  record.kind = tcp::Kind::kFenced;
  record.value = fenced_;
  if (!put_record(record, nullptr, 0)) return;
  fenced_ = 0;
  send_open_message();
}

void TcpOutbound::say_fenced(uint64_t mark) {
  const std::scoped_lock lock(mutex_);
  fenced_ = std::max(fenced_, mark);
  answer();
}

void TcpOutbound::on_sent(TcpOperation operation, size_t slot) {
  const std::scoped_lock lock(mutex_);
  if (operation == TcpOperation::kPayload) {
    free_payloads_.push_back(slot);
    return;
  }
  // Below the one that is being written, which is the last.
  free_messages_.insert(writing_ ? free_messages_.end() - 1 : free_messages_.end(), slot);
}

bool TcpOutbound::take_hunger() {
  const std::scoped_lock lock(mutex_);
  answer();
  if (hungry_) send_open_message();
  return std::exchange(hungry_, false);
}

}  // namespace hawser::port
