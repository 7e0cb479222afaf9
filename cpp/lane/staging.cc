#include "lane/staging.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace hawser {

namespace {

constexpr auto kDrainStep = std::chrono::microseconds(20);

}  // namespace

Status Staging::take(Way way, uint64_t bytes, StagingSlot** out) {
  *out = nullptr;
  const auto& slots = slots_[index(way)];
  const auto free = std::find_if(slots.begin(), slots.end(), [](auto* slot) { return !slot->taken && !slot->copying; });
  if (free == slots.end()) return {};
  if ((*free)->bytes < bytes) {
    if (Status status = enlarge(**free, bytes); !status.ok()) return status;
  }
  (*free)->taken = true;
  *out = *free;
  return {};
}

void Staging::fill(StagingSlot* slot, const void* device, uint64_t bytes, uint64_t op) {
  copy(slot, Way::kOut, slot->data, device, bytes, op);
}

void Staging::empty(StagingSlot* slot, void* device, uint64_t bytes, uint64_t op) {
  copy(slot, Way::kIn, device, slot->data, bytes, op);
}

void Staging::copy(StagingSlot* slot, Way way, void* to, const void* from, uint64_t bytes, uint64_t op) {
  slot->op = op;
  slot->failed = false;
  if (Status status = start(*slot, way, to, from, bytes); !status.ok()) {
    if (failure_.ok()) failure_ = std::move(status);
    ended(slot, true);
    return;
  }
  slot->copying = true;
  slot->next = nullptr;
  Copies& copies = under_way_[index(way)];
  (copies.first == nullptr ? copies.first : copies.last->next) = slot;
  copies.last = slot;
  ++copies_;
}

void Staging::ended(StagingSlot* slot, bool failed) {
  slot->copying = false;
  slot->failed = failed;
  if (!slot->placing) return;
  slot->placing = false;
  give_back(slot);
  if (failed) failed_ops_.push_back(slot->op);
}

bool Staging::poll() {
  bool moved = false;
  for (Copies& copies : under_way_) {
    while (StagingSlot* slot = copies.first) {
      Status why;
      const Progress progress = query(*slot, &why);
      if (progress == Progress::kRunning) break;
      if (failure_.ok()) failure_ = std::move(why);
      copies.first = slot->next;
      --copies_;
      ended(slot, progress == Progress::kFailed);
      moved = true;
    }
  }
  while (!waiting_.empty()) {
    Waiting& oldest = waiting_.front();
    const uint64_t left = oldest.bytes.size() - oldest.done;
    oldest.done += place_some(oldest.op, oldest.device + oldest.done, oldest.bytes.data() + oldest.done, left);
    if (oldest.done < oldest.bytes.size()) break;
    waiting_.pop_front();
  }
  return moved;
}

uint64_t Staging::place_some(uint64_t op, unsigned char* device, const unsigned char* from, uint64_t bytes) {
  uint64_t done = 0;
  while (done < bytes) {
    StagingSlot* slot = nullptr;
    (void)take(Way::kIn, 0, &slot);  // of any size, so that nothing can fail
    if (slot == nullptr) break;
    const uint64_t piece = std::min(bytes - done, slot->bytes);
    std::memcpy(slot->data, from + done, piece);
    slot->placing = true;
    empty(slot, device + done, piece, op);
    done += piece;
  }
  return done;
}

void Staging::place(uint64_t op, void* device, const void* from, uint64_t bytes) {
  auto* to = static_cast<unsigned char*>(device);
  const auto* at = static_cast<const unsigned char*>(from);
  const uint64_t done = waiting_.empty() ? place_some(op, to, at, bytes) : 0;
  if (done < bytes) waiting_.push_back({op, to + done, {at + done, at + bytes}, 0});
}

bool Staging::touches(uint64_t op) const {
  if (!busy()) return false;
  for (const Copies& copies : under_way_) {
    for (const StagingSlot* slot = copies.first; slot != nullptr; slot = slot->next) {
      if (slot->op == op) return true;
    }
  }
  return std::any_of(waiting_.begin(), waiting_.end(), [op](const Waiting& waiting) { return waiting.op == op; });
}

bool Staging::take_failure(uint64_t op) { return std::erase(failed_ops_, op) != 0; }

bool Staging::drain(Nanos patience) {
  for (const Nanos deadline = now() + patience; busy();) {
    poll();
    if (now() >= deadline) return !busy();
    std::this_thread::sleep_for(kDrainStep);
  }
  return true;
}

void Staging::registered(uint64_t memory) {
  for (auto& slots : slots_) {
    for (StagingSlot* slot : slots) slot->memory = memory;
  }
}

}  // namespace hawser
