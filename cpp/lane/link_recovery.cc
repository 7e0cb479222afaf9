// The life and death of a link's lanes: what is done when one is lost, and how it comes back.
#include <algorithm>
#include <limits>

#include "lane/link.h"
#include "net/poller.h"

namespace hawser {

namespace {

constexpr Nanos kWatchInterval = 50 * kMillisecond;  // how often lanes with bytes under way are asked for life
constexpr Nanos kBeatInterval = kSecond;  // how often an idle lane gives the peer's kernel something to answer
constexpr Nanos kProbeInterval = 150 * kMillisecond;  // between attempts to connect a lost lane
constexpr Nanos kCreditStep = 5 * kMillisecond;       // how often a queue that waits for credit is told the time
constexpr Nanos kAttemptStep = 5 * kMillisecond;      // how often an attempt under way is looked at

}  // namespace

size_t Link::living() const {
  return static_cast<size_t>(std::count_if(lanes_.begin(), lanes_.end(), [](const auto& l) { return l->alive(); }));
}

void Link::lose_lane(size_t index, const Status& why) {
  Lane& lane = *lanes_[index];
  if (!lane.alive()) return;
  lane.lose();
  recovery_[index].last_error = why.text();
  recovery_[index].next_probe = now() + kAttemptStep;
  recovery_[index].connecting_since = 0;
  recovery_[index].refused = false;
  if (shared_->state != HAWSER_LINK_OPEN) {
    end_if_deserted();
    return;
  }
  hawser_event event = make_event(HAWSER_EVENT_LANE_LOST, id_);
  event.lane = static_cast<int32_t>(index);
  event.code = HAWSER_LANE_LOST;
  event.bytes = static_cast<uint64_t>(why.sys_errno());
  events_.post(event);
  stats::tell_error(HAWSER_STAT_LANE_LOST, ranks(), Status(why).on_lane(static_cast<int>(index), lane.device()));
  if (options_.fail_fast) {
    Status failure{HAWSER_LINK_FAILED, "lost (" + why.text() + "), and the policy is fail-fast", why.sys_errno()};
    fail(std::move(failure).on_lane(static_cast<int>(index), lane.device()).of_rank(peer_rank_));
    return;
  }
  auto record = make_record<wire::LaneDownRecord>(wire::Kind::kLaneDown);
  record.lane = static_cast<uint32_t>(index);
  record.incarnation = channels_->get_channel(static_cast<int>(index)).incarnation;
  for (auto& other : lanes_) {
    // Ahead of everything that goes again over that lane, so that the peer has closed the lost one before.
    if (other->alive()) other->tell(record);
  }
  if (living() == 0) deserted_since_ = now();
  schedule_tending(now());
}

void Link::revive_lane(size_t index) {
  Lane& lane = *lanes_[index];
  if (Status status = lane.comm()->arm(*poller_); !status.ok()) {
    recovery_[index].last_error = status.text();
    return;
  }
  lane.go_live();
  deserted_since_ = 0;
  recovery_[index].connecting_since = 0;
  hawser_lane_state& state = shared_->lane[index];
  store_relaxed(state.returns, state.returns + 1);
  hawser_event event = make_event(HAWSER_EVENT_LANE_BACK, id_);
  event.lane = static_cast<int32_t>(index);
  events_.post(event);
  stats::tell(HAWSER_STAT_LANE_BACK, ranks(), {}, event.lane, lane.device());
}

void Link::on_lane_down(const wire::LaneDownRecord& record) {
  if (record.lane >= lanes() || !lanes_[record.lane]->alive()) return;
  if (channels_->get_channel(static_cast<int>(record.lane)).incarnation != record.incarnation) return;
  lose_lane(record.lane, {HAWSER_LANE_LOST, "the peer gave the lane up"});
}

void Link::on_goodbye() {
  if (shared_->state != HAWSER_LINK_OPEN) return;
  shared_->state = HAWSER_LINK_PEER_CLOSED;
  stats::tell(HAWSER_STAT_PEER_CLOSED, ranks(), peer_host_);
  inbox_.peer_closed(HAWSER_CLOSED);
  close_doors();
}

void Link::end_sends_after_goodbye() {
  if (shared_->state != HAWSER_LINK_PEER_CLOSED || told_closed_) return;
  // Each lane's goodbye carries its last acknowledgements: on another lane there may be more to come.
  for (const auto& lane : lanes_) {
    if (lane->alive() && !lane->said_goodbye()) return;
  }
  for (const auto& lane : lanes_) {
    if (lane->alive()) lane->settle();
  }
  told_closed_ = true;
  outbox_.end_all(HAWSER_CLOSED);
  events_.post(make_event(HAWSER_EVENT_LINK_CLOSED, id_));
}

void Link::close_doors() {
  // Nobody accepts any more: what knocks must not keep waking the driver.
  for (size_t i = 0; i < doors_.size(); ++i) {
    auto& listen_comm = channels_->get_channel(static_cast<int>(i)).listen_comm;
    if (!doors_[i]->silent) poller_->remove(listen_comm->fd());
    listen_comm.reset();
  }
  doors_.clear();
}

void Link::end_if_deserted() {
  // After a goodbye the lanes end one by one; what was still arriving will not be whole any more. What has arrived may
  // be on its way to a GPU.
  if (living() != 0 || shared_->state != HAWSER_LINK_PEER_CLOSED) return;
  const bool arriving =
      std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->has_arrivals(); });
  if (!arriving) inbox_.end_all(HAWSER_CLOSED);
}

void Link::fail(Status why) {
  if (shared_->state == HAWSER_LINK_DEAD) return;
  shared_->state = HAWSER_LINK_DEAD;
  error_ = std::move(why);
  stats::tell_error(HAWSER_STAT_LINK_FAILED, ranks(), error_);
  close_doors();
  outbox_.end_all(HAWSER_LINK_FAILED);
  inbox_.end_all(HAWSER_LINK_FAILED);
  for (auto& lane : lanes_) {
    if (lane->alive()) lane->lose();
    channels_->abandon(channels_->get_channel(lane->index()));
  }
  hawser_event event = make_event(HAWSER_EVENT_LINK_FAILED, id_);
  event.code = HAWSER_LINK_FAILED;
  events_.post(event);
}

Status Link::all_lanes_lost(const char* verdict) const {
  std::string text = std::string("the link to ") + peer_host_ + " has failed: " + verdict;
  for (size_t i = 0; i < lanes(); ++i) {
    text += "; lane " + std::to_string(i) + " (" + lanes_[i]->device() + "): " + recovery_[i].last_error;
  }
  Status failure{HAWSER_LINK_FAILED, std::move(text)};
  return std::move(failure).of_rank(peer_rank_);
}

void Link::on_device(const std::string& name, bool up) {
  if (!open()) return;
  for (size_t i = 0; i < lanes(); ++i) {
    if (lanes_[i]->device() != name) continue;
    if (!up) lose_lane(i, {HAWSER_LANE_LOST, "the device lost its carrier or was taken down", ENETDOWN});
    if (up && !lanes_[i]->alive()) {
      channels_->abandon(channels_->get_channel(static_cast<int>(i)));
      recovery_[i].connecting_since = 0;
      recovery_[i].next_probe = now();
    }
  }
  schedule_tending(now());
}

Nanos Link::beat_interval() const { return std::max(kBeatInterval, 2 * options_.silence); }

Nanos Link::beat_answer_due() const { return last_beat_ + options_.silence + kWatchInterval; }

// An idle lane says a word now and then: a peer that is busy, or stopped, has a kernel that acknowledges it. Nobody
// waits for the peer itself to answer.
void Link::beat(Nanos time) {
  last_beat_ = time;
  for (size_t i = 0; i < lanes(); ++i) {
    Lane& lane = *lanes_[i];
    if (!lane.alive() || lane.unacknowledged()) continue;
    Status status = lane.acknowledge(true);
    if (status.ok()) status = lane.comm()->check_alive(options_.silence);  // counts from here
    if (!status.ok()) lose_lane(i, status);
  }
}

void Link::watch_lanes(Nanos time) {
  if (time - last_watch_ < kWatchInterval) return;
  last_watch_ = time;
  for (auto& door : doors_) door->knocked |= door->silent;
  const bool beaten = last_beat_ != beat_watched_ && time >= beat_answer_due();
  if (beaten) beat_watched_ = last_beat_;
  uint64_t best_rate = 0;
  for (const auto& lane : lanes_) best_rate = std::max(best_rate, lane->alive() ? lane->rate() : 0);
  for (size_t i = 0; i < lanes(); ++i) {
    Lane& lane = *lanes_[i];
    if (!lane.alive()) continue;
    lane.age_rate(time, best_rate);
    if (!lane.unacknowledged() && !beaten) continue;
    if (Status status = lane.comm()->check_alive(options_.silence); !status.ok()) lose_lane(i, status);
  }
  if (open() && time - last_beat_ >= beat_interval()) beat(time);
}

void Link::recover_lane(size_t index, Nanos time) {
  Recovery& recovery = recovery_[index];
  Channel& channel = channels_->get_channel(static_cast<int>(index));
  const bool arriving = channel.handshake != nullptr;
  if (!initiator_) {
    const bool knocked = std::exchange(doors_[index]->knocked, false);
    if (!arriving && !knocked) return;
  } else {
    if (time < recovery.next_probe) return;
    if (recovery.connecting_since == 0) recovery.connecting_since = time;
  }
  bool live = false;
  const Status status = channels_->step(channel, &live);
  if (live) {
    revive_lane(index);
    return;
  }
  if (channel.handshake != nullptr && !arriving && !initiator_) recovery.connecting_since = time;
  const bool late = recovery.connecting_since != 0 && time - recovery.connecting_since > channels_->attempt_limit();
  if (status.ok() && !late) return;
  channels_->abandon(channel);
  recovery.connecting_since = 0;
  recovery.next_probe = time + kProbeInterval;
  recovery.refused = !status.ok() && status.sys_errno() == ECONNREFUSED;
  if (!status.ok()) recovery.last_error = status.text();
}

bool Link::is_due(Nanos time) const {
  // A driver that never sleeps never says when it wants to be woken: it watches by the clock.
  return time >= next_tending_ || (open() && time - last_watch_ >= kWatchInterval) ||
         std::any_of(doors_.begin(), doors_.end(), [](const auto& door) { return door->knocked; });
}

void Link::tend(Nanos time) {
  for (size_t i = 0; i < doors_.size(); ++i) {
    if (doors_[i]->knocked) store_relaxed(shared_->lane[i].strangers, channels_->strangers(static_cast<int>(i)));
  }
  if (open()) {
    watch_lanes(time);
    outbox_.watch(time);
    for (size_t i = 0; i < lanes() && open(); ++i) {
      if (!lanes_[i]->alive()) {
        recover_lane(i, time);
      } else if (!initiator_ && doors_[i]->knocked) {
        // Whoever comes proves the token again: the peer has given the lane up, whatever this end still believes of it.
        Channel& channel = channels_->get_channel(static_cast<int>(i));
        doors_[i]->knocked = false;
        if (channels_->knock(channel)) lose_lane(i, {HAWSER_LANE_LOST, "the peer connects it anew"});
      }
    }
    const bool all_refused =
        std::all_of(recovery_.begin(), recovery_.end(), [](const Recovery& recovery) { return recovery.refused; });
    if (deserted_since_ != 0 && all_refused) {
      fail(all_lanes_lost("all lanes are lost and the peer listens no more"));
    } else if (deserted_since_ != 0 && time - deserted_since_ > options_.link_timeout) {
      fail(all_lanes_lost("all lanes are lost and none came back in time"));
    }
  }
  schedule_tending(time);
  publish(time);
}

void Link::schedule_tending(Nanos time) {
  Nanos next = std::numeric_limits<Nanos>::max();
  if (open()) {
    for (size_t i = 0; i < lanes(); ++i) {
      if (lanes_[i]->alive()) {
        const Nanos beat = last_beat_ == beat_watched_ ? last_beat_ + beat_interval() : beat_answer_due();
        next = std::min(next, std::max(beat, last_watch_ + kWatchInterval));
        if (lanes_[i]->unacknowledged()) next = std::min(next, std::max(last_watch_ + kWatchInterval, time));
        continue;
      }
      const bool under_way =
          recovery_[i].connecting_since != 0 || channels_->get_channel(static_cast<int>(i)).handshake != nullptr;
      if (under_way) next = std::min(next, time + kAttemptStep);
      if (!under_way && initiator_) next = std::min(next, std::max(recovery_[i].next_probe, time));
    }
    const bool silent_doors = std::any_of(doors_.begin(), doors_.end(), [](const auto& door) { return door->silent; });
    if (silent_doors) next = std::min(next, std::max(last_watch_ + kWatchInterval, time));
    if (outbox_.waits_for_credit()) next = std::min(next, time + kCreditStep);
    if (deserted_since_ != 0) next = std::min(next, deserted_since_ + options_.link_timeout + kMillisecond);
  }
  next_tending_ = next;
}

}  // namespace hawser
