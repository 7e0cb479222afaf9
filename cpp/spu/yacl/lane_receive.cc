// The receiving half of a lane communicator: envelopes as they come, the payloads that are announced, and who waits.
#include <new>
#include <utility>

#include "spu/yacl/lane_communicator.h"

namespace hawser {

::yacl::Buffer LaneCommunicator::recv(size_t from, const MessageKey& key, Nanos timeout,
                                      const std::atomic<bool>& given_up) {
  const Nanos deadline = now() + timeout;
  auto lock = engine_.lock();
  Peer& there = peer(from, "receive from");
  MessageQueue& queue = there.mailbox.find_or_add(key);
  ++queue.waiters;
  engine_.await(lock, deadline, [&] {
    if (queue.head != nullptr && !queue.head->begun) fetch_now(from, queue.head);
    return queue.has_message() || there.failure || ended_ || given_up.load();
  });
  --queue.waiters;
  if (queue.has_message() && !ended_ && !given_up.load()) {
    waiting_bytes_ -= queue.head->bytes;
    ::yacl::Buffer payload = there.mailbox.take(queue);
    there.mailbox.leave(key);
    make_use_of_room();
    return payload;
  }
  there.mailbox.leave(key);
  const std::string what = attempt("receive from", from, key);
  if (given_up.load()) raise(HAWSER_CLOSED, what + "the channel was aborted");
  if (ended_) raise(ended_.code, what + ended_.text);
  if (there.failure) raise(there.failure.code, what + "nothing more comes: " + there.failure.text);
  raise(HAWSER_TIMEOUT, what + "nothing came within " + std::to_string(timeout / kMillisecond) + " ms; " +
                            std::to_string(waiting_bytes_) + " bytes of other messages wait");
}

void LaneCommunicator::notify() {
  const auto lock = engine_.lock();
  engine_.notify();
}

void LaneCommunicator::post_receive(size_t from, size_t slot) {
  const uint64_t id = add_operation(Operation::Kind::kEnvelopeIn, from);
  operation(id).slot = slot;
  post(HAWSER_OP_RECEIVE, id, kInbox, peers_[from]->slots[slot].block.get(), kEnvelopeBytes);
}

// Delivers what has arrived, in the order of the sends, as far as there is room.
void LaneCommunicator::drain(size_t from) {
  Peer& there = *peers_[from];
  while (there.slots[there.first].done) {
    if (waiting_bytes_ >= limit_) {
      held_back_ = true;
      return;
    }
    Slot& slot = there.slots[there.first];
    slot.done = false;
    if (!accept(from, slot)) return;
    if (!there.failure) post_receive(from, there.first);
    there.first = (there.first + 1) % kPosted;
  }
}

// False when nothing more can come.
bool LaneCommunicator::accept(size_t from, const Slot& slot) {
  Envelope envelope;
  std::string why;
  if (slot.code != HAWSER_OK) {
    fail(from, slot.code, "the link has ended");
  } else if (!read_envelope(slot.block.get(), slot.bytes, &envelope, &why)) {
    fail(from, HAWSER_REFUSED, why);
  } else if (envelope.kind == Envelope::kAbort) {
    fail(from, HAWSER_CLOSED,
         "it aborted: " + std::string(reinterpret_cast<const char*>(envelope.payload), envelope.payload_bytes));
    cancel_payloads(from);
  } else {
    append(from, envelope);
    return true;
  }
  return false;
}

void LaneCommunicator::append(size_t from, const Envelope& envelope) {
  Mailbox& mailbox = peers_[from]->mailbox;
  MessageQueue& queue = mailbox.find_or_add({{}, envelope.key});
  Arrival* message = mailbox.append(queue);
  message->bytes = envelope.payload_bytes;
  message->sequence = envelope.sequence;
  if (envelope.kind == Envelope::kWhole) {
    message->payload = ::yacl::Buffer(envelope.payload, envelope.payload_bytes);
    message->begun = message->ready = true;
    waiting_bytes_ += message->bytes;
  } else if (queue.waiters > 0 || has_room_for(message->bytes)) {
    begin(from, message);
  } else {
    deferred_.push_back({from, message});
  }
}

// The lanes put the payload where the receiver will find it.
void LaneCommunicator::begin(size_t from, Arrival* message) {
  try {
    message->payload = ::yacl::Buffer(static_cast<int64_t>(message->bytes));
  } catch (const std::bad_alloc&) {
    fail(from, HAWSER_OUT_OF_MEMORY, "no memory for a message of " + std::to_string(message->bytes) + " bytes");
    return;
  }
  message->begun = true;
  waiting_bytes_ += message->bytes;
  const uint64_t id = add_operation(Operation::Kind::kPayloadIn, from);
  operation(id).arrival = message;
  post(HAWSER_OP_RECEIVE, id, kInbox | message->sequence, message->payload.data(), message->bytes);
}

void LaneCommunicator::fetch_now(size_t from, Arrival* message) {
  std::erase_if(deferred_, [message](const Deferred& deferred) { return deferred.message == message; });
  begin(from, message);
}

void LaneCommunicator::make_use_of_room() {
  while (!deferred_.empty() && has_room_for(deferred_.front().message->bytes)) {
    const Deferred next = deferred_.front();
    deferred_.pop_front();
    begin(next.peer, next.message);
  }
  if (!std::exchange(held_back_, false)) return;
  for (size_t other = 0; other < peers_.size(); ++other) drain(other);
  engine_.notify();
}

}  // namespace hawser
