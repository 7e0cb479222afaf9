#include "lane/ring_driver.h"

#include <algorithm>
#include <array>

namespace hawser {

namespace {

hawser_op* ops_of(hawser_engine_shared* shared) {
  return reinterpret_cast<hawser_op*>(reinterpret_cast<unsigned char*>(shared) + shared->ops_offset);
}

hawser_event* events_of(hawser_engine_shared* shared) {
  return reinterpret_cast<hawser_event*>(reinterpret_cast<unsigned char*>(shared) + shared->events_offset);
}

LaneSight sight(const hawser_lane_state& state) {
  const uint64_t out_chunks = state.submitted_chunks - state.acked_chunks - state.returned_chunks;
  LaneSight lane;
  lane.alive = state.alive != 0;
  lane.room = lane.alive && state.submitted_chunks == state.written_chunks && out_chunks < HAWSER_WINDOW;
  lane.in_flight = state.submitted_bytes - state.acked_bytes - state.returned_bytes;
  lane.rate = state.rate;
  return lane;
}

}  // namespace

RingDriver::RingDriver(hawser_engine_shared* engine, OnEvent on_event)
    : on_event_(std::move(on_event)),
      ops_(ops_of(engine), engine->op_capacity, &engine->op_tail, &engine->op_head),
      events_(events_of(engine), engine->event_capacity, &engine->event_tail.value, &engine->event_head.value) {}

void RingDriver::attached(uint32_t link, hawser_link_shared* shared) {
  if (parties_.size() <= link) parties_.resize(link + 1);
  Party& party = parties_[link];
  party = {};
  party.shared = shared;
  for (uint32_t lane = 0; lane < shared->lanes; ++lane) {
    party.lanes.emplace_back(shared->chunks[lane], HAWSER_CHUNK_RING, &shared->lane[lane].submitted_chunks,
                             &shared->lane[lane].taken_chunks);
  }
}

void RingDriver::detached(uint32_t link) { parties_[link].shared = nullptr; }

void RingDriver::on_event(const hawser_event& event) {
  Party& party = parties_[event.link];
  if (event.kind == HAWSER_EVENT_SEND_READY) {
    party.ready.push_back({event.id, event.bytes, event.offset, 0});
    party.backlog += event.bytes;
  } else if (event.kind == HAWSER_EVENT_CHUNK_RETURNED) {
    party.returned.push_back({event.id, event.offset, event.bytes, 0});
    party.backlog += event.bytes;
  } else if (event.kind == HAWSER_EVENT_SEND_DONE && event.code != HAWSER_OK) {
    for (const Ready& ready : party.ready) {
      if (ready.id == event.id) party.backlog -= ready.bytes - ready.next;
    }
    std::erase_if(party.ready, [&](const Ready& ready) { return ready.id == event.id; });
    for (const hawser_chunk& chunk : party.returned) {
      if (chunk.id == event.id) party.backlog -= chunk.bytes;
    }
    std::erase_if(party.returned, [&](const hawser_chunk& chunk) { return chunk.id == event.id; });
  }
  on_event_(event);
}

void RingDriver::submit(Party& party, size_t lane, const hawser_chunk& chunk) {
  hawser_lane_state& state = party.shared->lane[lane];
  store_relaxed(state.submitted_bytes, state.submitted_bytes + chunk.bytes);
  party.lanes[lane].try_post(chunk);  // has room: fewer than HAWSER_WINDOW are in flight
  party.backlog -= chunk.bytes;
}

bool RingDriver::schedule(Party& party) {
  bool gave = false;
  std::array<LaneSight, HAWSER_MAX_LANES> lanes;
  while (party.backlog != 0) {
    hawser_chunk chunk{};
    if (!party.returned.empty()) {
      chunk = party.returned.front();
    } else {
      const Ready& ready = party.ready.front();
      chunk = {ready.id, ready.next, std::min(ready.chunk_bytes, ready.bytes - ready.next), 0};
    }
    for (uint32_t i = 0; i < party.shared->lanes; ++i) lanes[i] = sight(party.shared->lane[i]);
    const int lane = pick_adaptive({lanes.data(), party.shared->lanes}, chunk.bytes, party.backlog);
    if (lane == kWaitForLane) break;
    submit(party, static_cast<size_t>(lane), chunk);
    gave = true;
    if (!party.returned.empty()) {
      party.returned.pop_front();
    } else if ((party.ready.front().next += chunk.bytes) == party.ready.front().bytes) {
      party.ready.pop_front();
    }
  }
  store_relaxed(party.shared->backlog, party.backlog);
  return gave;
}

bool RingDriver::after_progress() {
  while (const hawser_event* front = events_.front()) {
    const hawser_event event = *front;
    events_.pop();
    on_event(event);
  }
  bool gave = false;
  for (Party& party : parties_) {
    if (party.shared != nullptr && party.backlog + party.shared->backlog != 0) gave |= schedule(party);
  }
  return gave;
}

}  // namespace hawser
