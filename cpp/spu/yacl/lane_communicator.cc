#include "spu/yacl/lane_communicator.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "mem/rings.h"

namespace hawser {

namespace {

constexpr Nanos kCloseTimeout = 5 * kSecond;
constexpr size_t kMaxReasonBytes = 512;

hawser_config config_of(size_t rank, const LaneOptions& options) {
  hawser_config config{};
  config.struct_size = sizeof(config);
  config.rank = static_cast<int32_t>(rank);
  config.chunk_bytes = options.chunk_bytes;
  config.checksum = options.checksum ? HAWSER_ON : HAWSER_OFF;
  config.silence_ns = std::chrono::nanoseconds(options.silence).count();
  config.identity = options.identity;
  config.insecure = options.insecure ? 1 : 0;
  config.link_timeout_ns = std::chrono::nanoseconds(options.link_timeout).count();
  if (options.lanes.size() >= sizeof(config.lanes)) raise(HAWSER_INVALID_ARGUMENT, "the list of lanes is too long");
  options.lanes.copy(config.lanes, options.lanes.size());
  return config;
}

// yacl's keys hold control characters; people read messages.
std::string printable(const MessageKey& key) {
  std::string text = std::string(key.prefix).append(key.name);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, '.');
  return text;
}

}  // namespace

LaneCommunicator::LaneCommunicator(size_t rank, size_t world_size, const LaneOptions& options)
    : rank_(rank),
      limit_(options.mailbox_bytes),
      connect_timeout_(std::chrono::nanoseconds(options.connect_timeout).count()),
      engine_(config_of(rank, options), *this) {
  if (rank >= world_size) {
    raise(HAWSER_INVALID_ARGUMENT, "rank " + std::to_string(rank) + " is not one of " + std::to_string(world_size));
  }
  for (size_t other = 0; other < world_size; ++other) peers_.push_back(std::make_unique<Peer>());
}

LaneCommunicator::~LaneCommunicator() {
  auto lock = engine_.lock();
  const Nanos deadline = now() + kCloseTimeout;
  for (const auto& peer : peers_) {
    if (peer->link == nullptr) continue;
    engine_.await(lock, deadline, [&] { return is_acknowledged(*peer) || peer->failure || ended_; });
    engine_.close(lock, peer->link, peer->id);
  }
  lock.unlock();
  if (listener_ != nullptr) hawser_listener_close(listener_);
}

// ---------------------------------------------------------------------------------------------------- sending

void LaneCommunicator::send(size_t to, const MessageKey& key, ::yacl::ByteContainerView value,
                            const std::shared_ptr<SendGroup>& group, Nanos timeout, const std::atomic<bool>& given_up) {
  const Nanos deadline = now() + timeout;
  auto lock = engine_.lock();
  const uint64_t id = post_message(to, key, value.data(), value.size());
  if (operation(id).kind == Operation::Kind::kEnvelopeOut) {
    operation(id).group = group;
    ++group->under_way;
    engine_.start(lock);
    return;
  }
  Ticket ticket;
  operation(id).ticket = &ticket;
  if (!engine_.await(lock, deadline, [&] { return ticket.done || given_up.load(); }) || !ticket.done) {
    // The memory is the caller's, and may be given back only when the operation has ended; now it does.
    cancel(id);
    while (!engine_.await(lock, now() + kSecond, [&] { return ticket.done; })) {
    }
  }
  if (ticket.code == HAWSER_OK) return;
  const std::string what = attempt("send to", to, key);
  if (given_up.load()) raise(HAWSER_CLOSED, what + "the channel was aborted");
  const Failure& failure = ended_ ? ended_ : peers_[to]->failure;
  if (failure) raise(failure.code, what + failure.text);
  if (ticket.code != HAWSER_CANCELLED) raise(ticket.code, what + "the peer could not take it");
  raise(HAWSER_TIMEOUT,
        what + "the peer has not taken all of it within " + std::to_string(timeout / kMillisecond) + " ms");
}

void LaneCommunicator::cancel(uint64_t id) {
  hawser_op op{};
  op.kind = HAWSER_OP_CANCEL;
  op.link = peers_[operation(id).peer]->id;
  op.id = id;
  engine_.post(op);
}

// A peer that gave up takes no more payloads, though its lanes may live on.
void LaneCommunicator::cancel_payloads(size_t to) {
  for (uint64_t id = 1; id <= operations_.size(); ++id) {
    if (operation(id).kind == Operation::Kind::kPayloadOut && operation(id).peer == to) cancel(id);
  }
}

void LaneCommunicator::send_async(size_t to, const MessageKey& key, ::yacl::Buffer value,
                                  const std::shared_ptr<SendGroup>& group) {
  auto lock = engine_.lock();
  const uint64_t id = post_message(to, key, value.data(), static_cast<uint64_t>(value.size()));
  Operation& sent = operation(id);
  if (sent.kind == Operation::Kind::kPayloadOut) sent.kept = std::move(value);
  sent.group = group;
  ++group->under_way;
  engine_.start(lock);
}

bool LaneCommunicator::await_sends(const SendGroup& group, uint64_t under_way, Nanos timeout,
                                   const std::atomic<bool>& given_up) {
  auto lock = engine_.lock();
  engine_.await(lock, now() + timeout, [&] { return group.under_way <= under_way || given_up.load(); });
  return group.under_way <= under_way;
}

Failure LaneCommunicator::first_failure(const SendGroup& group) {
  const auto lock = engine_.lock();
  return group.first_failure;
}

bool LaneCommunicator::is_acknowledged(const Peer& peer) const {
  return peer.sends == 0 && load_acquire(peer.shared->unacknowledged) == 0;
}

// Returns the operation whose end is the message's.
uint64_t LaneCommunicator::post_message(size_t to, const MessageKey& key, const void* payload, uint64_t bytes) {
  Peer& there = peer(to, "send to");
  if (key.size() > kMaxKeyBytes) {
    raise(HAWSER_INVALID_ARGUMENT, attempt("send to", to, key) + "a key has at most " + std::to_string(kMaxKeyBytes) +
                                       " bytes, not " + std::to_string(key.size()));
  }
  const Failure& failure = ended_ ? ended_ : there.failure;
  if (failure) raise(failure.code, attempt("send to", to, key) + failure.text);
  if (is_whole(key.size(), bytes)) return post_envelope(to, Envelope::kWhole, key, payload, bytes, 0);
  const uint64_t sequence = ++there.sequence;
  post_envelope(to, Envelope::kAnnounced, key, nullptr, bytes, sequence);
  const uint64_t id = add_operation(Operation::Kind::kPayloadOut, to);
  post(HAWSER_OP_SEND, id, kInbox | sequence, payload, bytes);
  return id;
}

uint64_t LaneCommunicator::post_envelope(size_t to, Envelope::Kind kind, const MessageKey& key, const void* payload,
                                         uint64_t bytes, uint64_t sequence) {
  if (free_blocks_.empty()) free_blocks_.push_back(std::make_unique_for_overwrite<unsigned char[]>(kEnvelopeBytes));
  const uint64_t id = add_operation(Operation::Kind::kEnvelopeOut, to);
  auto& block = operation(id).block = std::move(free_blocks_.back());
  free_blocks_.pop_back();
  write_envelope(kind, key, bytes, sequence, block.get());
  uint64_t length = payload_at(key.size());
  if (kind != Envelope::kAnnounced && bytes > 0) {
    std::memcpy(block.get() + length, payload, bytes);
    length += bytes;
  }
  post(HAWSER_OP_SEND, id, kInbox, block.get(), length);
  return id;
}

void LaneCommunicator::abort(const std::string& reason) {
  auto lock = engine_.lock();
  if (ended_) return;
  const size_t bytes = std::min(reason.size(), kMaxReasonBytes);
  for (size_t other = 0; other < peers_.size(); ++other) {
    if (peers_[other]->link == nullptr || peers_[other]->failure) continue;
    post_envelope(other, Envelope::kAbort, {}, reason.data(), bytes, 0);
    cancel_payloads(other);
  }
  ended_ = {HAWSER_CLOSED, "this communicator was aborted: " + reason};
  engine_.start(lock);
  engine_.notify();
}

// ---------------------------------------------------------------------------------------------------- operations

uint64_t LaneCommunicator::add_operation(Operation::Kind kind, size_t rank) {
  if (free_operations_.empty()) {
    operations_.emplace_back();
    free_operations_.push_back(operations_.size());
  }
  const uint64_t id = free_operations_.back();
  free_operations_.pop_back();
  operation(id).kind = kind;
  operation(id).peer = rank;
  return id;
}

void LaneCommunicator::post(hawser_op_kind kind, uint64_t id, uint64_t tag, const void* data, uint64_t bytes) {
  hawser_op op{};
  op.kind = static_cast<uint32_t>(kind);
  op.link = peers_[operation(id).peer]->id;
  op.id = id;
  op.tag = tag;
  op.address = reinterpret_cast<uint64_t>(data);
  op.bytes = bytes;
  engine_.post(op);
  if (kind == HAWSER_OP_SEND) ++peers_[operation(id).peer]->sends;
}

void LaneCommunicator::on_event(const hawser_event& event) noexcept {
  const size_t from = rank_of(event.link);
  try {
    switch (event.kind) {
      case HAWSER_EVENT_SEND_DONE:
      case HAWSER_EVENT_RECEIVE_DONE:
        complete(event);
        break;
      case HAWSER_EVENT_LINK_FAILED: {
        hawser_error error{};
        hawser_link_error(peers_[from]->link, &error);
        fail(from, event.code, error.text);
        break;
      }
      case HAWSER_EVENT_LINK_CLOSED:
        fail(from, HAWSER_CLOSED, "it closed the link");
        break;
      default:
        break;
    }
  } catch (const std::exception&) {
    // So short a string needs no memory, which is what there is none of.
    peers_[from]->failure = {HAWSER_OUT_OF_MEMORY, "out of memory"};
  }
}

void LaneCommunicator::on_broken(int32_t code, const char* why) noexcept {
  for (const Operation& operation : operations_) {
    const bool sends =
        operation.kind == Operation::Kind::kEnvelopeOut || operation.kind == Operation::Kind::kPayloadOut;
    if (sends) end_send(operation, code);
  }
  for (size_t other = 0; other < peers_.size(); ++other) fail(other, code, why);
}

void LaneCommunicator::complete(const hawser_event& event) {
  Operation ended = std::exchange(operation(event.id), Operation{});
  free_operations_.push_back(event.id);
  switch (ended.kind) {
    case Operation::Kind::kEnvelopeOut:
      free_blocks_.push_back(std::move(ended.block));
      end_send(ended, event.code);
      break;
    case Operation::Kind::kPayloadOut:
      end_send(ended, event.code);
      break;
    case Operation::Kind::kEnvelopeIn: {
      Slot& slot = peers_[ended.peer]->slots[ended.slot];
      slot.code = event.code;
      slot.bytes = event.bytes;
      slot.done = true;
      drain(ended.peer);
      break;
    }
    case Operation::Kind::kPayloadIn:
      ended.arrival->ready = event.code == HAWSER_OK && event.bytes == ended.arrival->bytes;
      if (!ended.arrival->ready) {
        fail(ended.peer, event.code == HAWSER_OK ? static_cast<int32_t>(HAWSER_REFUSED) : event.code,
             "a message that was announced with " + std::to_string(ended.arrival->bytes) + " bytes did not come whole");
      }
      break;
    case Operation::Kind::kFree:
      break;
  }
}

void LaneCommunicator::end_send(const Operation& operation, int32_t code) {
  --peers_[operation.peer]->sends;
  if (operation.ticket != nullptr) {
    operation.ticket->code = code;
    operation.ticket->done = true;
  }
  if (operation.group == nullptr) return;
  --operation.group->under_way;
  if (code == HAWSER_OK || operation.group->first_failure) return;
  const Failure& failure = ended_ ? ended_ : peers_[operation.peer]->failure;
  operation.group->first_failure = failure ? failure : Failure{code, "the peer could not take it"};
}

void LaneCommunicator::fail(size_t rank, int32_t code, const std::string& why) {
  Peer& there = *peers_[rank];
  if (there.failure) return;
  there.failure = {code, "rank " + std::to_string(rank) + ": " + why};
  engine_.notify();
}

// ---------------------------------------------------------------------------------------------------- peers

LaneCommunicator::Peer& LaneCommunicator::peer(size_t rank, const char* verb) {
  if (rank < peers_.size() && peers_[rank]->link != nullptr) return *peers_[rank];
  raise(HAWSER_INVALID_ARGUMENT, "rank " + std::to_string(rank_) + ": cannot " + verb + " rank " +
                                     std::to_string(rank) + " of " + std::to_string(peers_.size()) +
                                     ": there is no link to it");
}

size_t LaneCommunicator::rank_of(uint32_t link) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [link](const auto& peer) { return peer->link != nullptr && peer->id == link; });
  return static_cast<size_t>(found - peers_.begin());
}

std::string LaneCommunicator::attempt(const char* verb, size_t rank, const MessageKey& key) const {
  return "rank " + std::to_string(rank_) + ": cannot " + verb + " rank " + std::to_string(rank) + " under key " +
         printable(key) + ": ";
}

void LaneCommunicator::join(size_t rank, hawser_link* link) {
  auto lock = engine_.lock();
  Peer& there = *peers_[rank];
  there.shared = engine_.attach(lock, link, &there.id);
  there.link = link;
  for (size_t slot = 0; slot < kPosted; ++slot) {
    there.slots[slot].block = std::make_unique_for_overwrite<unsigned char[]>(kEnvelopeBytes);
    post_receive(rank, slot);
  }
  engine_.start(lock);
}

}  // namespace hawser
