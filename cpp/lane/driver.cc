#include "lane/driver.h"

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

Driver::Driver(Engine& engine, std::function<void(const hawser_event&)> on_event)
    : engine_(engine),
      on_event_(std::move(on_event)),
      ops_(ops_of(engine.shared()), engine.shared()->op_capacity, &engine.shared()->op_tail, &engine.shared()->op_head),
      events_(events_of(engine.shared()), engine.shared()->event_capacity, &engine.shared()->event_tail.value,
              &engine.shared()->event_head.value) {}

Status Driver::attach(Link* link, uint32_t* id) {
  if (Status status = engine_.attach(link, id); !status.ok()) return status;
  if (parties_.size() <= *id) parties_.resize(*id + 1);
  Party& party = parties_[*id];
  party = {};
  party.shared = link->shared();
  for (uint32_t lane = 0; lane < party.shared->lanes; ++lane) {
    party.lanes.emplace_back(party.shared->chunks[lane], HAWSER_CHUNK_RING, &party.shared->lane[lane].submitted_chunks,
                             &party.shared->lane[lane].taken_chunks);
  }
  return {};
}

uint64_t Driver::post(hawser_op_kind kind, uint32_t link, uint64_t tag, const void* data, uint64_t bytes) {
  hawser_op op{};
  op.kind = static_cast<uint32_t>(kind);
  op.link = link;
  op.id = next_id_;
  op.tag = tag;
  op.address = reinterpret_cast<uint64_t>(data);
  op.bytes = bytes;
  return ops_.try_post(op) ? next_id_++ : 0;
}

uint64_t Driver::send(uint32_t link, uint64_t tag, const void* data, uint64_t bytes) {
  return post(HAWSER_OP_SEND, link, tag, data, bytes);
}

uint64_t Driver::receive(uint32_t link, uint64_t tag, void* data, uint64_t capacity) {
  return post(HAWSER_OP_RECEIVE, link, tag, data, capacity);
}

bool Driver::cancel(uint32_t link, uint64_t id) {
  hawser_op op{};
  op.kind = HAWSER_OP_CANCEL;
  op.link = link;
  op.id = id;
  return ops_.try_post(op);
}

void Driver::on_event(const hawser_event& event) {
  Party& party = parties_[event.link];
  if (event.kind == HAWSER_EVENT_SEND_READY) {
    party.ready.push_back({event.id, event.bytes, 0});
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

void Driver::submit(Party& party, size_t lane, const hawser_chunk& chunk) {
  hawser_lane_state& state = party.shared->lane[lane];
  store_relaxed(state.submitted_bytes, state.submitted_bytes + chunk.bytes);
  party.lanes[lane].try_post(chunk);  // has room: fewer than HAWSER_WINDOW are in flight
  party.backlog -= chunk.bytes;
}

void Driver::schedule(Party& party) {
  std::array<LaneSight, HAWSER_MAX_LANES> lanes;
  const uint64_t chunk_bytes = engine_.link_options().chunk_bytes;
  while (party.backlog != 0) {
    hawser_chunk chunk{};
    if (!party.returned.empty()) {
      chunk = party.returned.front();
    } else {
      const Ready& ready = party.ready.front();
      chunk = {ready.id, ready.next, std::min(chunk_bytes, ready.bytes - ready.next), 0};
    }
    for (uint32_t i = 0; i < party.shared->lanes; ++i) lanes[i] = sight(party.shared->lane[i]);
    const int lane = pick_adaptive({lanes.data(), party.shared->lanes}, chunk.bytes, party.backlog);
    if (lane == kWaitForLane) break;
    submit(party, static_cast<size_t>(lane), chunk);
    if (!party.returned.empty()) {
      party.returned.pop_front();
    } else if ((party.ready.front().next += chunk.bytes) == party.ready.front().bytes) {
      party.ready.pop_front();
    }
  }
  store_relaxed(party.shared->backlog, party.backlog);
}

void Driver::drive(Nanos timeout, Nanos spin) {
  engine_.progress(timeout, spin);
  while (const hawser_event* front = events_.front()) {
    const hawser_event event = *front;
    events_.pop();
    on_event(event);
  }
  for (Party& party : parties_) {
    if (party.shared != nullptr && party.backlog + party.shared->backlog != 0) schedule(party);
  }
}

}  // namespace hawser
