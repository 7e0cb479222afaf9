// The sending half of a lane, where its chunks lie in a GPU's memory.
#include <utility>

#include "lane/lane.h"

namespace hawser {

namespace {

// One chunk is written while the next waits and others are copied; more would be bound to this lane early, for nothing.
constexpr uint32_t kStagedChunks = 4;

}  // namespace

// Whether the comm itself reads and writes these bytes of a GPU's memory.
bool Lane::direct(uint64_t memory, uint64_t bytes) const {
  return bytes >= kLeastDeviceMessage && channel_.memory(memory) != nullptr;
}

void Lane::stage() {
  while (slots_held_ < kStagedChunks && !departures_.is_full()) {
    const hawser_chunk* chunk = chunks_.front();
    if (chunk == nullptr) return;
    Departure departure;
    departure.send = owner_.outbox().find(chunk->id);
    if (departure.send == nullptr || departure.send->device == nullptr) return;
    if (direct(departure.send->memory, chunk->bytes)) return;
    Staging& staging = *departure.send->device;
    if (!staging.take(Staging::Way::kOut, chunk->bytes, &departure.slot).ok() || departure.slot == nullptr) return;
    ++slots_held_;
    departure.chunk = *chunk;
    departure.settled = true;
    departure.event = departure.slot;
    staging.fill(departure.slot, departure.send->data + chunk->offset, chunk->bytes, chunk->id);
    departures_.add(departure);
    // So that the driver gives the lane another to copy while this one is written.
    store_relaxed(state_.written_chunks, state_.written_chunks + 1);
    chunks_.pop();
  }
}

bool Lane::next_staged(Departure* next) {
  while (!departures_.is_empty()) {
    const Departure& first = departures_.at(0);
    if (!first.slot->completed()) return false;
    if (first.send != nullptr && first.slot->failed)
      owner_.outbox().withdraw(first.send, HAWSER_IO);  // which forgets it
    if (first.send != nullptr) {
      *next = first;
      return true;
    }
    Departure ended;
    departures_.release_oldest(&ended);
    count_returned(ended.chunk);
    give_back(ended.slot);
  }
  return false;
}

void Lane::give_back(StagingSlot* slot) {
  slot->taken = false;
  --slots_held_;
}

void Lane::lose_departures() {
  for (int i = 0; i < departures_.size(); ++i) {
    const Departure& departure = departures_.at(i);
    give_back(departure.slot);
    count_returned(departure.chunk);
    const hawser_chunk& chunk = departure.chunk;
    if (departure.send != nullptr) tell_returned(chunk.id, chunk.offset, chunk.bytes);
  }
  departures_.clear();
}

}  // namespace hawser
