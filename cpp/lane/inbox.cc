#include "lane/inbox.h"

#include <algorithm>
#include <cstring>

#include "lane/staging.h"

namespace hawser {

using wire::MessageRecord;

namespace {

// Tags that are quiet keep their entry while there are few of them: a ping-pong then finds its own again.
constexpr size_t kQuietTags = 256;
// Messages that were told of before those ahead of them: no more than a peer's lanes hold unacknowledged, which is the
// only way to overtake.
constexpr size_t kMostEarly = size_t{1} << 21;

template <typename Node>
Node* take(std::vector<std::unique_ptr<Node>>& all, std::vector<Node*>& pool) {
  if (pool.empty()) {
    all.push_back(std::make_unique<Node>());
    return all.back().get();
  }
  Node* node = pool.back();
  pool.pop_back();
  return node;
}

// Puts a message that came in a packet, or before its receive, where it belongs. A GPU's copy is under way then: the
// end of the receive is told when it has ended.
void place(const Receive& receive, const void* from, uint64_t bytes) {
  if (bytes == 0) return;
  if (receive.device != nullptr) {
    receive.device->place(receive.id, receive.data, from, bytes);
  } else {
    std::memcpy(receive.data, from, bytes);
  }
}

}  // namespace

template <typename Node>
void Inbox::Fifo<Node>::push(Node* node) {
  node->next = nullptr;
  (first == nullptr ? first : last->next) = node;
  last = node;
}

template <typename Node>
Node* Inbox::Fifo<Node>::pop() {
  Node* node = first;
  if (node != nullptr) first = node->next;
  return node;
}

template <typename Node>
bool Inbox::Fifo<Node>::remove(Node* node) {
  Node* before = nullptr;
  for (Node* at = first; at != nullptr; before = at, at = at->next) {
    if (at != node) continue;
    (before == nullptr ? first : before->next) = node->next;
    if (last == node) last = before;
    return true;
  }
  return false;
}

Inbox::Inbox(EventSink& events, Outbox& outbox, Landings& landings, uint32_t link)
    : events_(events), outbox_(outbox), landings_(landings), link_(link) {}

void Inbox::complete(const Receive& receive, int32_t code, uint64_t bytes) {
  receive.span.finish();
  events_.post(make_done(HAWSER_EVENT_RECEIVE_DONE, link_, receive.id, code, bytes));
}

void Inbox::prune(uint64_t tag) {
  if (tags_.size() <= kQuietTags) return;
  const auto found = tags_.find(tag);
  if (found == tags_.end()) return;
  if (found->second.receives.first == nullptr && found->second.messages.first == nullptr) tags_.erase(found);
}

void Inbox::post(const hawser_op& op, Staging* device) {
  const Receive receive{op.id,  op.tag,  reinterpret_cast<unsigned char*>(op.address), op.bytes, op.memory,
                        device, nullptr, ranges::Span::begin("receive", op.bytes)};
  TagQueues& queues = tags_[op.tag];
  if (Incoming* incoming = queues.messages.pop(); incoming != nullptr) {
    waiting_cost_ -= incoming->cost;
    match(incoming, receive);
    prune(op.tag);
    return;
  }
  if (closed_code_ != HAWSER_OK) {
    complete(receive, closed_code_, 0);
    prune(op.tag);
    return;
  }
  Receive* waiting = take(receives_, receive_pool_);
  *waiting = receive;
  queues.receives.push(waiting);
}

Incoming* Inbox::make_incoming(const MessageRecord& record, const unsigned char* payload) {
  Incoming* incoming = take(messages_, message_pool_);
  incoming->number = record.send;
  incoming->tag = record.tag;
  incoming->bytes = record.bytes;
  incoming->chunk_bytes = record.chunk_bytes;
  incoming->received = 0;
  incoming->matched = false;
  incoming->announced = (record.header.flags & (MessageRecord::kInline | MessageRecord::kEager)) == 0;
  incoming->cost = wire::kMessageCost + (incoming->announced ? 0 : record.bytes);
  incoming->have.clear();
  if ((record.header.flags & MessageRecord::kInline) != 0) {
    incoming->store.assign(payload, payload + record.bytes);
    incoming->received = record.bytes;
  } else {
    active_.emplace(record.send, incoming);
    if (!incoming->announced) incoming->have.assign(1, 0);
  }
  return incoming;
}

bool Inbox::deliver_inline(const MessageRecord& record, const unsigned char* payload) {
  const auto found = tags_.find(record.tag);
  if (found == tags_.end() || found->second.messages.first != nullptr) return false;
  Receive* receive = found->second.receives.pop();
  if (receive == nullptr) return false;
  consumed_ += wire::kMessageCost + record.bytes;
  if (record.bytes > receive->capacity) {
    complete(*receive, HAWSER_TRUNCATED, record.bytes);
  } else {
    place(*receive, payload, record.bytes);
    complete(*receive, HAWSER_OK, record.bytes);
  }
  receive_pool_.push_back(receive);
  prune(record.tag);
  return true;
}

Status Inbox::on_message(const MessageRecord& record, const unsigned char* payload) {
  const bool is_inline = (record.header.flags & MessageRecord::kInline) != 0;
  const bool is_eager = (record.header.flags & MessageRecord::kEager) != 0;
  const bool is_void = (record.header.flags & MessageRecord::kVoid) != 0;
  if (record.sequence < next_sequence_ || early_.contains(record.sequence)) {
    // Told twice after a loss; or withdrawn after it was told, and what is still missing of it will not come.
    if (is_void) on_withdrawn(record.send, HAWSER_CANCELLED);
    return {};
  }
  // A map of chunks takes a bit of each: of tiny ones it would be as large as the message.
  const bool sound_chunks =
      record.chunk_bytes >= wire::kLeastChunk && (!is_eager || record.bytes <= record.chunk_bytes);
  if (!is_void && !is_inline && !sound_chunks) {
    return {HAWSER_LANE_LOST, "the peer announced a message with an impossible chunk size"};
  }
  if (!is_void && !is_inline && active_.contains(record.send)) {
    return {HAWSER_LANE_LOST, "the peer announced two messages under one number"};
  }
  const uint64_t cost = wire::kMessageCost + (is_inline || is_eager ? record.bytes : 0);
  const bool too_much =
      cost > 2 * wire::kCredit || cost < wire::kMessageCost || waiting_cost_ + cost > 2 * wire::kCredit;
  if ((!is_void && too_much) || early_.size() > kMostEarly) {
    return {HAWSER_LANE_LOST, "the peer sent more unexpected messages than its credit allows"};
  }
  if (is_void && is_eager) consumed_ += cost;

  const bool next = record.sequence == next_sequence_;
  if (next && is_inline && deliver_inline(record, payload)) {
    ++next_sequence_;
  } else {
    Incoming* incoming = is_void ? nullptr : make_incoming(record, payload);
    if (!next) {
      early_.emplace(record.sequence, incoming);
      if (incoming != nullptr) waiting_cost_ += incoming->cost;
      return {};
    }
    ++next_sequence_;
    if (incoming != nullptr) {
      waiting_cost_ += incoming->cost;
      deliver(incoming);
    }
  }
  while (!early_.empty() && early_.begin()->first == next_sequence_) {
    Incoming* incoming = early_.begin()->second;
    early_.erase(early_.begin());
    ++next_sequence_;
    if (incoming != nullptr) deliver(incoming);
  }
  return {};
}

void Inbox::deliver(Incoming* incoming) {
  TagQueues& queues = tags_[incoming->tag];
  Receive* receive = queues.receives.pop();
  if (receive == nullptr) {
    queues.messages.push(incoming);
    return;
  }
  waiting_cost_ -= incoming->cost;
  match(incoming, *receive);
  receive_pool_.push_back(receive);
  prune(incoming->tag);
}

void Inbox::match(Incoming* incoming, const Receive& receive) {
  consumed_ += incoming->cost;
  incoming->matched = true;
  incoming->receive = receive;
  if (incoming->bytes > receive.capacity) {
    if (incoming->received < incoming->bytes) {
      auto record = make_record<wire::EndRecord>(wire::Kind::kRejected);
      record.send = incoming->number;
      record.code = HAWSER_TRUNCATED;
      outbox_.control(record);
    }
    finish(incoming, HAWSER_TRUNCATED);
    return;
  }
  if (incoming->received < incoming->bytes && (ended_ || (incoming->announced && closed_code_ != HAWSER_OK))) {
    finish(incoming, closed_code_);  // what is missing of it cannot come any more
    return;
  }
  if (incoming->announced) {
    const uint64_t chunks = (incoming->bytes + incoming->chunk_bytes - 1) / incoming->chunk_bytes;
    incoming->have.assign(chunks / 64 + 1, 0);
    auto record = make_record<wire::ReadyRecord>(wire::Kind::kReady);
    record.send = incoming->number;
    outbox_.control(record);
    return;
  }
  if (incoming->received == incoming->bytes) finish(incoming, HAWSER_OK);
}

void Inbox::finish(Incoming* incoming, int32_t code) {
  if (code == HAWSER_OK && !incoming->store.empty()) {
    place(incoming->receive, incoming->store.data(), incoming->bytes);
  }
  // A truncated message tells its length, so that the caller knows what to make room for.
  const uint64_t bytes = code == HAWSER_OK || code == HAWSER_TRUNCATED ? incoming->bytes : 0;
  complete(incoming->receive, code, bytes);
  drop(incoming);
}

void Inbox::drop(Incoming* incoming) {
  landings_.forget(incoming);
  // A peer may have given the number of another message to an inline one.
  if (const auto found = active_.find(incoming->number); found != active_.end() && found->second == incoming) {
    active_.erase(found);
  }
  if (incoming->store.capacity() > wire::kInlineBytes) {
    std::vector<unsigned char>().swap(incoming->store);
  } else {
    incoming->store.clear();
  }
  message_pool_.push_back(incoming);
}

Status Inbox::begin_chunk(const wire::ChunkRecord& record, Landing* out) {
  *out = {};
  const auto found = active_.find(record.send);
  if (found == active_.end()) return {};
  Incoming* incoming = found->second;
  if (incoming->announced && !incoming->matched) {
    return {HAWSER_LANE_LOST, "the peer sent a chunk of a message that was not asked for"};
  }
  const bool aligned = record.offset % incoming->chunk_bytes == 0 && record.offset < incoming->bytes;
  if (!aligned || record.bytes != std::min(incoming->chunk_bytes, incoming->bytes - record.offset)) {
    return {HAWSER_LANE_LOST, "the peer sent a chunk that lies outside its message"};
  }
  const uint64_t chunk = record.offset / incoming->chunk_bytes;
  if ((incoming->have[chunk / 64] >> (chunk % 64) & 1) != 0) return {};
  out->incoming = incoming;
  if (incoming->matched && incoming->store.empty()) {
    out->data = incoming->receive.data + record.offset;
    out->device = incoming->receive.device;
  } else {
    incoming->store.resize(incoming->bytes);
    out->data = incoming->store.data() + record.offset;
  }
  return {};
}

void Inbox::end_chunk(Incoming* incoming, const wire::ChunkRecord& record) {
  const uint64_t chunk = record.offset / incoming->chunk_bytes;
  const uint64_t bit = uint64_t{1} << (chunk % 64);
  if ((incoming->have[chunk / 64] & bit) != 0) return;
  incoming->have[chunk / 64] |= bit;
  incoming->received += record.bytes;
  if (incoming->received < incoming->bytes) return;
  active_.erase(incoming->number);
  if (incoming->matched) finish(incoming, HAWSER_OK);
}

void Inbox::on_withdrawn(uint64_t number, int32_t code) {
  const auto found = active_.find(number);
  if (found == active_.end()) return;
  Incoming* incoming = found->second;
  if (incoming->matched) {
    finish(incoming, code);
    return;
  }
  for (auto& [sequence, early] : early_) {
    if (early == incoming) early = nullptr;
  }
  tags_[incoming->tag].messages.remove(incoming);
  waiting_cost_ -= incoming->cost;
  consumed_ += incoming->cost;
  drop(incoming);
}

bool Inbox::cancel(uint64_t id) {
  for (auto& [tag, queues] : tags_) {
    for (Receive* receive = queues.receives.first; receive != nullptr; receive = receive->next) {
      if (receive->id != id) continue;
      queues.receives.remove(receive);
      complete(*receive, HAWSER_CANCELLED, 0);
      receive_pool_.push_back(receive);
      return true;
    }
  }
  for (auto& [number, incoming] : active_) {
    if (!incoming->matched || incoming->receive.id != id) continue;
    reject(incoming, HAWSER_CANCELLED);
    return true;
  }
  return false;
}

void Inbox::reject(Incoming* incoming, int32_t code) {
  auto record = make_record<wire::EndRecord>(wire::Kind::kRejected);
  record.send = incoming->number;
  record.code = code;
  outbox_.control(record);
  finish(incoming, code);
}

void Inbox::peer_closed(int32_t code) {
  closed_code_ = code;
  for (auto& [tag, queues] : tags_) {
    while (Receive* receive = queues.receives.pop()) {
      complete(*receive, code, 0);
      receive_pool_.push_back(receive);
    }
  }
}

void Inbox::end_all(int32_t code) {
  peer_closed(code);
  ended_ = true;
  while (true) {
    const auto matched =
        std::find_if(active_.begin(), active_.end(), [](const auto& entry) { return entry.second->matched; });
    if (matched == active_.end()) break;
    finish(matched->second, code);
  }
}

}  // namespace hawser
