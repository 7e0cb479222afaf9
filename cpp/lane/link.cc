#include "lane/link.h"

#include <sys/epoll.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "net/poller.h"

namespace hawser {

namespace {

// Credit that is worth a packet of its own. Less never holds a peer back for good: it is short by this much at most.
constexpr uint64_t kCreditNews = wire::kCredit / 64;
// A GPU's copies wake nobody: the driver looks after them this often.
constexpr Nanos kCopyStep = 20 * kMicrosecond;

}  // namespace

Link::Link(const LinkOptions& options, std::unique_ptr<ChannelManager> channels, bool initiator, EventSink& events)
    : options_(options),
      channels_(std::move(channels)),
      initiator_(initiator),
      events_(events),
      devices_(events, *channels_, options.chunks.most),
      outbox_(devices_, *this, 0, options.eager_bytes, options.chunks,
              static_cast<uint32_t>(channels_->get_num_channels())),
      inbox_(devices_, outbox_, *this, 0),
      checksum_(options.checksum || channels_->peer().checksum != 0),
      peer_rank_(channels_->peer().rank),
      peer_host_(channels_->peer().host) {}

Link::~Link() = default;

Status Link::initialise() {
  if (Status status = memory_.allocate(sizeof(hawser_link_shared)); !status.ok()) return status;
  shared_ = reinterpret_cast<hawser_link_shared*>(memory_.data());
  shared_->lanes = static_cast<uint32_t>(channels_->get_num_channels());
  for (int i = 0; i < channels_->get_num_channels(); ++i) {
    lanes_.push_back(
        std::make_unique<Lane>(*this, channels_->get_channel(i), devices_, &shared_->lane[i], shared_->chunks[i]));
    if (Status status = lanes_.back()->initialise(); !status.ok()) return status;
  }
  recovery_.resize(lanes_.size());
  return {};
}

Status Link::attach(uint32_t id, Poller& poller) {
  id_ = id;
  poller_ = &poller;
  outbox_.set_link(id);
  inbox_.set_link(id);
  for (auto& lane : lanes_) {
    if (Status status = lane->comm()->arm(poller); !status.ok()) return status;
    lane->go_live();
    if (initiator_) continue;
    doors_.push_back(std::make_unique<Door>());
    const int fd = channels_->get_channel(lane->index()).listen_comm->fd();
    doors_.back()->silent = fd < 0;
    if (fd < 0) continue;
    if (Status status = poller.add(fd, EPOLLIN, doors_.back().get()); !status.ok()) return status;
  }
  last_beat_ = beat_watched_ = now();
  schedule_tending(last_beat_);
  begin_notes();
  return {};
}

void Link::close() {
  if (closed_) return;
  closed_ = true;
  stats::tell(HAWSER_STAT_LINK_CLOSED, ranks(), peer_host_);
  for (auto& lane : lanes_) {
    if (!lane->alive()) continue;
    lane->tell(make_record<wire::GoodbyeRecord>(wire::Kind::kGoodbye));
    bool moved = false;
    // What cannot leave at once is not waited for: the peer sees the end of the stream in any case.
    (void)lane->send(&moved, false);
  }
  outbox_.end_all(HAWSER_CLOSED);
  inbox_.end_all(HAWSER_CLOSED);
  close_doors();
  channels_->close_all();
  devices_.drain();
}

Status Link::register_memory(void* address, uint64_t bytes, int kind, uint64_t* number) {
  Staging* staging = nullptr;
  Status status;
  if (kind == HAWSER_MEMORY_DEVICE) status = devices_.prepare(address, bytes, &staging);
  if (status.ok()) status = channels_->register_memory(address, bytes, kind, number);
  if (!status.ok()) return std::move(status).of_rank(peer_rank_);
  if (staging != nullptr) devices_.add(*number, address, bytes, staging);
  return {};
}

void Link::post(const hawser_op& op) {
  rests_ = false;
  if (shared_->state == HAWSER_LINK_DEAD || (op.kind == HAWSER_OP_SEND && !open())) {
    const auto kind = op.kind == HAWSER_OP_SEND ? HAWSER_EVENT_SEND_DONE : HAWSER_EVENT_RECEIVE_DONE;
    const int32_t code = shared_->state == HAWSER_LINK_DEAD ? HAWSER_LINK_FAILED : HAWSER_CLOSED;
    if (op.kind != HAWSER_OP_CANCEL) events_.post(make_done(kind, id_, op.id, code, 0));
    return;
  }
  Staging* device = nullptr;
  if (op.kind != HAWSER_OP_CANCEL) {
    if (Status status = devices_.find(op, &device); !status.ok()) {
      const auto kind = op.kind == HAWSER_OP_SEND ? HAWSER_EVENT_SEND_DONE : HAWSER_EVENT_RECEIVE_DONE;
      events_.post(make_done(kind, id_, op.id, status.code(), 0));
      return;
    }
  }
  switch (op.kind) {
    case HAWSER_OP_SEND:
      outbox_.post(op, device);
      // Counted before it leaves the ring; the round that has taken it counts anew.
      store_release(shared_->unacknowledged, load_relaxed(shared_->unacknowledged) + 1);
      break;
    case HAWSER_OP_RECEIVE:
      inbox_.post(op, device);
      break;
    case HAWSER_OP_CANCEL:
      // An operation that is not found has completed: its event is on its way.
      if (!outbox_.cancel(op.id)) inbox_.cancel(op.id);
      break;
    default:
      break;
  }
}

bool Link::stirs() {
  const bool rested = rests_;
  rests_ = open() && !devices_.any() && outbox_.outstanding() == 0 &&
           std::none_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->stirs(); });
  return !rests_ || !rested;
}

void Link::receive(bool* moved) {
  if (devices_.any()) settle_arrivals(moved);
  for (size_t i = 0; i < lanes(); ++i) {
    Lane& lane = *lanes_[i];
    if (!lane.has_input()) continue;
    bool read = false;
    const Status status = lane.receive(&read);
    if (read) last_heard_ = i;
    *moved |= read;
    if (!status.ok() && lane.alive()) lose_lane(i, status);
  }
  end_sends_after_goodbye();
}

Lane* Link::shortest_queue() {
  Lane* best = nullptr;
  for (auto& lane : lanes_) {
    if (!lane->can_take_packet()) continue;
    if (best == nullptr || lane->queued_bytes() < best->queued_bytes()) best = lane.get();
  }
  return best;
}

void Link::settle_arrivals(bool* moved) {
  for (size_t i = 0; i < lanes(); ++i) {
    if (Status status = lanes_[i]->settle_arrivals(moved); !status.ok()) lose_lane(i, status);
  }
  end_if_deserted();
}

void Link::transmit(bool* moved) {
  if (devices_.any() && devices_.poll()) *moved = true;
  outbox_.advance();
  while (outbox_.has_records()) {
    Lane* lane = shortest_queue();
    if (lane == nullptr) break;
    if (Status status = lane->send(moved, true); !status.ok()) lose_lane(static_cast<size_t>(lane->index()), status);
  }
  for (size_t i = 0; i < lanes(); ++i) {
    if (!lanes_[i]->alive()) continue;
    Status status = lanes_[i]->send(moved, false);
    if (status.ok()) status = lanes_[i]->acknowledge(false);
    if (!status.ok()) lose_lane(i, status);
  }
}

void Link::prepare_sleep(Nanos time) {
  for (size_t i = 0; i < lanes(); ++i) {
    Lane& lane = *lanes_[i];
    const bool credit_news = inbox_.consumed() - credit_told_ >= kCreditNews;
    if (!lane.alive() || (!lane.owes_acknowledgement() && !credit_news)) continue;
    if (Status status = lane.acknowledge(true); !status.ok()) lose_lane(i, status);
  }
  schedule_tending(time);
  if (devices_.busy()) next_tending_ = std::min(next_tending_, time + kCopyStep);
  // Acknowledging may have read something in passing, of which the poller will not tell again.
  if (std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->has_input(); }))
    next_tending_ = time;
}

uint64_t Link::lane_changes() const {
  uint64_t changes = 0;
  for (size_t i = 0; i < lanes(); ++i) {
    const hawser_lane_state& state = shared_->lane[i];
    changes += state.written_chunks + state.acked_chunks + state.returned_chunks + state.returns;
  }
  return changes;
}

bool Link::wants_driver() const {
  if (load_relaxed(shared_->backlog) == 0 || lane_changes() == changes_seen_) return false;
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->has_room(); });
}

void Link::expect_input() {
  if (lanes_[last_heard_]->alive()) lanes_[last_heard_]->comm()->expect_input();
}

bool Link::expect_polled() {
  bool any = false;
  for (auto& lane : lanes_) {
    if (!lane->alive() || !lane->comm()->needs_polling()) continue;
    lane->comm()->expect_input();
    any = true;
  }
  return any;
}

void Link::update_unacknowledged() {
  uint64_t count = outbox_.outstanding();
  for (auto& lane : lanes_) count += lane->alive() && lane->unacknowledged() ? 1 : 0;
  store_release(shared_->unacknowledged, count);
}

void Link::begin_notes() {
  hawser_stat_link link{};
  link.used = 1;
  link.rank = options_.rank;
  link.peer_rank = peer_rank_;
  link.peer_pid = channels_->peer().pid;
  link.initiator = initiator_ ? 1 : 0;
  link.encrypted = options_.encrypted ? 1 : 0;
  link.lanes = static_cast<uint32_t>(lanes());
  link.opened_ns = now();
  copy_text(link.peer_host, peer_host_);
  std::vector<hawser_stat_lane> noted(lanes());
  for (uint32_t i = 0; i < noted.size(); ++i) {
    noted[i].used = 1;
    noted[i].lane = i;
    copy_text(noted[i].device, lanes_[i]->device());
    copy_text(noted[i].peer_device, channels_->get_channel(static_cast<int>(i)).peer_device);
  }
  notes_.begin(link, noted);
  publish(link.opened_ns);
  stats::tell(HAWSER_STAT_LINK_OPENED, ranks(), peer_host_);
}

void Link::publish(Nanos time) {
  uint32_t joining = 0;
  for (size_t i = 0; i < lanes(); ++i) {
    const bool joins =
        recovery_[i].connecting_since != 0 || channels_->get_channel(static_cast<int>(i)).handshake != nullptr;
    joining |= (joins ? 1u : 0u) << i;
  }
  notes_.publish(*shared_, inbox_.waiting(), joining, time);
}

void Link::forget(Send* send) {
  for (auto& lane : lanes_) {
    if (lane->alive()) lane->forget(send);
  }
}

void Link::forget(Incoming* incoming) {
  for (auto& lane : lanes_) lane->forget(incoming);  // lost ones too: what had arrived on them may still be copied
}

void Link::describe(hawser_link_info* out) const {
  *out = {};
  out->peer_rank = peer_rank_;
  out->lanes = static_cast<uint32_t>(lanes());
  out->checksum = checksum_ ? 1 : 0;
  out->initiator = initiator_ ? 1 : 0;
  copy_text(out->peer_host, peer_host_);
}

Status Link::describe_lane(uint32_t index, hawser_lane_info* out) {
  if (index >= lanes()) return {HAWSER_INVALID_ARGUMENT, "the link has no lane " + std::to_string(index)};
  const Channel& channel = channels_->get_channel(static_cast<int>(index));
  *out = {};
  copy_text(out->device, channel.device);
  copy_text(out->peer_device, channel.peer_device);
  if (channel.comm != nullptr) {
    copy_text(out->local_address, channel.comm->local_address());
    copy_text(out->peer_address, channel.comm->peer_address());
    out->sockets = channel.comm->sockets();
  }
  out->speed_mbps = channels_->speed_mbps(channel);
  copy_text(out->last_error, recovery_[index].last_error);
  return {};
}

}  // namespace hawser
