#include "lane/link_notes.h"

namespace hawser {

void LinkNotes::begin(const hawser_stat_link& link, const std::vector<hawser_stat_lane>& lanes) {
  link_ = stats::Note(link);
  if (link_.row() == nullptr) return;
  const auto row = static_cast<uint32_t>(link_.row() - stats::File::present()->image().links);
  for (hawser_stat_lane lane : lanes) {
    lane.link = row;
    lanes_.push_back({stats::Note(lane)});
  }
}

void LinkNotes::publish(const hawser_link_shared& shared, uint64_t receives, uint32_t joining, Nanos time) {
  hawser_stat_link* link = link_.row();
  if (link == nullptr) return;
  stats::store_state(link->state, shared.state);
  stats::store_time(link->updated_ns, time);
  store_relaxed(link->unacknowledged, load_relaxed(shared.unacknowledged));
  store_relaxed(link->receives, receives);
  for (size_t i = 0; i < lanes_.size(); ++i) {
    hawser_stat_lane* lane = lanes_[i].note.row();
    if (lane == nullptr) continue;
    const hawser_lane_state& state = shared.lane[i];
    const bool joins = (joining >> i & 1) != 0;
    stats::store_state(lane->state, state.alive != 0 ? HAWSER_STAT_LANE_UP
                                    : joins          ? HAWSER_STAT_LANE_REJOINING
                                                     : HAWSER_STAT_LANE_DOWN);
    store_relaxed(lane->strangers, state.strangers);
    store_relaxed(lane->losses, state.losses);
    store_relaxed(lane->returns, state.returns);
    store_relaxed(lane->returned_bytes, state.returned_bytes);
    store_relaxed(lane->returned_chunks, state.returned_chunks);
    const uint64_t moved = state.sent_messages + state.received_messages;
    if (moved == lanes_[i].moved) continue;
    lanes_[i].moved = moved;
    stats::store_time(lane->progress_ns, time);
    store_relaxed(lane->sent_bytes, state.sent_bytes);
    store_relaxed(lane->received_bytes, state.received_bytes);
    store_relaxed(lane->sent_messages, state.sent_messages);
    store_relaxed(lane->received_messages, state.received_messages);
    store_relaxed(lane->checksum_errors, state.checksum_errors);
    store_relaxed(lane->rate, state.rate);
  }
}

}  // namespace hawser
