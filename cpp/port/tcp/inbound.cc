#include "port/tcp/inbound.h"

#include <algorithm>
#include <cstring>

#include "port/word.h"

namespace hawser::port {

using tcp::Kind;
using tcp::Record;

TcpInbound::TcpInbound(TcpDriver& driver, TcpMemories& memories, TcpOutbound& outbound, std::string me,
                       std::string peer)
    : driver_(driver), memories_(memories), outbound_(outbound), me_(std::move(me)), peer_(std::move(peer)) {
  for (Receive& receive : receives_) receive.data.resize(tcp::kMessageBytes);
}

TcpInbound::~TcpInbound() {
  for (const Landing& landing : landings_) {
    if (landing.used && !landing.landed) memories_.end_landing(landing.record.memory);
  }
}

void TcpInbound::open(uint32_t link, uint64_t ids) {
  link_ = link;
  ids_ = ids;
  for (size_t i = 0; i < kReceives; ++i) receive(i);
}

void TcpInbound::receive(size_t slot) {
  Receive& receive = receives_[slot];
  receive.bytes = 0;
  receive.read = 0;
  hawser_op op{};
  op.kind = HAWSER_OP_RECEIVE;
  op.link = link_;
  op.id = ids_ | tcp_operation_id(TcpOperation::kReceive, slot);
  op.tag = tcp::kRecordTag;
  op.address = reinterpret_cast<uint64_t>(receive.data.data());
  op.bytes = receive.data.size();
  driver_.post(op);
}

Status TcpInbound::broken(const char* what) const {
  return {HAWSER_LINK_FAILED, me_ + " ends the Tcp connection: " + peer_ + " " + what};
}

Status TcpInbound::refuse(const Record& record, const Status& why) const {
  const bool is_signal = record.kind == Kind::kSignal;
  const std::string what =
      is_signal ? std::string("a signal")
                : "a put of " + std::to_string(record.bytes) + " bytes from memory " + std::to_string(record.value);
  return {why.code(), me_ + " refuses " + what + " of " + peer_ + " to offset " + std::to_string(record.offset) +
                          " of memory " + std::to_string(record.memory) + " of " + me_ + ": " + why.text()};
}

Status TcpInbound::on_message(size_t slot, uint64_t bytes) {
  if (bytes == 0) return broken("sent an empty message");
  receives_[slot].bytes = bytes;
  return read();
}

Status TcpInbound::read() {
  while (receives_[first_].bytes != 0) {
    Receive& message = receives_[first_];
    while (message.read < message.bytes) {
      bool taken = true;
      if (Status status = take(message, &taken); !status.ok() || !taken) return status;
    }
    receive(first_);
    first_ = (first_ + 1) % kReceives;
  }
  return {};
}

Status TcpInbound::take(Receive& message, bool* taken) {
  const unsigned char* at = message.data.data() + message.read;
  const uint64_t left = message.bytes - message.read;
  Record record;
  if (left < sizeof(record)) return broken("sent part of a record");
  std::memcpy(&record, at, sizeof(record));
  uint64_t length = sizeof(record);
  Status status;
  switch (record.kind) {
    case Kind::kPut:
      if (record.bytes > tcp::kSmallPut || tcp::padded(record.bytes) > left - length) {
        return broken("sent a put without its bytes");
      }
      length += tcp::padded(record.bytes);
      status = take_put(record, at + sizeof(record), taken);
      break;
    case Kind::kLargePut:
      status = take_large_put(record, taken);
      break;
    case Kind::kSignal:
    case Kind::kFence:
      *taken = waiting_.size() < kWaiting;
      if (waiting_.empty()) {
        status = apply(record);
      } else if (*taken) {
        waiting_.push_back({record, 0});
      }
      break;
    case Kind::kFenced:
      fenced_ = std::max(fenced_, record.value);
      break;
    default:
      return broken("sent a record of no known kind");
  }
  if (*taken) message.read += length;
  return status;
}

bool TcpInbound::hits_landing(const unsigned char* at, uint64_t bytes) const {
  if (under_way_ == 0) return false;
  return std::any_of(landings_.begin(), landings_.end(), [&](const Landing& landing) {
    return landing.used && !landing.landed && at < landing.at + landing.record.bytes && landing.at < at + bytes;
  });
}

Status TcpInbound::take_put(const Record& record, const unsigned char* data, bool* taken) {
  const Status status = memories_.use(record, record.bytes, [&](unsigned char* at) {
    // The later of two puts to one place is the one that stays.
    *taken = !hits_landing(at, record.bytes);
    if (*taken && record.bytes != 0) std::memcpy(at, data, record.bytes);
  });
  return status.ok() ? Status() : refuse(record, status);
}

Status TcpInbound::take_large_put(const Record& record, bool* taken) {
  const auto free = std::find_if(landings_.begin(), landings_.end(), [](const Landing& slot) { return !slot.used; });
  *taken = free != landings_.end() && waiting_.size() < kWaiting;
  if (!*taken) return {};
  unsigned char* at = nullptr;
  if (Status status = memories_.begin_landing(record, &at); !status.ok()) return refuse(record, status);
  if (hits_landing(at, record.bytes)) {
    memories_.end_landing(record.memory);
    *taken = false;
    return {};
  }
  *free = {record, at, true, false};
  ++under_way_;
  const auto slot = static_cast<size_t>(free - landings_.begin());
  waiting_.push_back({record, slot});
  hawser_op op{};
  op.kind = HAWSER_OP_RECEIVE;
  op.link = link_;
  op.id = ids_ | tcp_operation_id(TcpOperation::kLanding, slot);
  op.tag = tcp::kPayloadTag;
  op.address = reinterpret_cast<uint64_t>(at);
  op.bytes = record.bytes;
  driver_.post(op);
  return {};
}

Status TcpInbound::on_landed(size_t slot, int32_t code, uint64_t bytes) {
  Landing& landing = landings_[slot];
  landing.landed = true;
  --under_way_;
  memories_.end_landing(landing.record.memory);
  if (code == HAWSER_CANCELLED) {
    return refuse(landing.record, {HAWSER_REFUSED, "that memory was freed before the put was whole"});
  }
  if (code != HAWSER_OK || bytes != landing.record.bytes) return broken("did not send a put as it had announced it");
  if (Status status = settle(); !status.ok()) return status;
  return read();
}

void TcpInbound::evict(uint64_t memory) {
  for (size_t slot = 0; slot < kLandings; ++slot) {
    const Landing& landing = landings_[slot];
    if (!landing.used || landing.landed || landing.record.memory != memory) continue;
    hawser_op op{};
    op.kind = HAWSER_OP_CANCEL;
    op.link = link_;
    op.id = ids_ | tcp_operation_id(TcpOperation::kLanding, slot);
    driver_.post(op);
  }
}

Status TcpInbound::settle() {
  while (!waiting_.empty()) {
    const Waiting& next = waiting_.front();
    if (next.record.kind == Kind::kLargePut) {
      Landing& landing = landings_[next.landing];
      if (!landing.landed) return {};
      landing.used = false;
    } else if (Status status = apply(next.record); !status.ok()) {
      return status;
    }
    waiting_.pop_front();
  }
  return {};
}

Status TcpInbound::apply(const Record& record) {
  if (record.kind == Kind::kFence) {
    outbound_.say_fenced(record.value);
    return {};
  }
  bool sane = false;
  const Status status = memories_.use(record, sizeof(hawser_port_word), [&](unsigned char* at) {
    sane = reinterpret_cast<uintptr_t>(at) % alignof(hawser_port_word) == 0;
    if (!sane) return;
    auto& word = *reinterpret_cast<hawser_port_word*>(at);
    sane = record.value >= load_word(word);
    if (sane) store_word(word, record.value);
  });
  if (!status.ok()) return refuse(record, status);
  return sane ? Status() : refuse(record, {HAWSER_REFUSED, "that is no signal's next value"});
}

}  // namespace hawser::port
