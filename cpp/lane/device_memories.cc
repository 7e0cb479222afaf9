#include "lane/device_memories.h"

#include <algorithm>

#include "mem/gpus.h"

namespace hawser {

namespace {

// Each lane copies one chunk while it writes another, with some to spare for a copy that comes late.
constexpr uint32_t kSlotsPerLane = 4;
// A GPU that has not copied a few megabytes by then has failed.
constexpr Nanos kDrainPatience = 5 * kSecond;

bool ends_operation(const hawser_event& event) {
  return event.kind == HAWSER_EVENT_SEND_DONE || event.kind == HAWSER_EVENT_RECEIVE_DONE;
}

}  // namespace

Status DeviceMemories::prepare(const void* address, uint64_t bytes, Staging** out) {
  int gpu = 0;
  if (Status status = find_gpu(address, bytes, &gpu); !status.ok()) return status;
  const auto known = std::find_if(stagings_.begin(), stagings_.end(), [gpu](auto& one) { return one->gpu() == gpu; });
  if (known != stagings_.end()) {
    *out = known->get();
    return {};
  }
  const auto slots = kSlotsPerLane * static_cast<uint32_t>(channels_.get_num_channels());
  std::unique_ptr<Staging> made;
  if (Status status = make_staging(gpu, slots, chunk_bytes_, &made); !status.ok()) return status;
  uint64_t number = 0;
  Status status = channels_.register_memory(made->memory(), made->memory_bytes(), HAWSER_MEMORY_HOST, &number);
  if (!status.ok()) return status;
  made->registered(number);
  *out = made.get();
  stagings_.push_back(std::move(made));
  return {};
}

void DeviceMemories::add(uint64_t number, const void* address, uint64_t bytes, Staging* staging) {
  if (registered_.size() < number) registered_.resize(number);
  registered_[number - 1] = {reinterpret_cast<uint64_t>(address), bytes, staging};
}

Status DeviceMemories::find(const hawser_op& op, Staging** out) const {
  *out = nullptr;
  if (op.memory == 0 || op.memory > registered_.size()) return {};
  const Registered& memory = registered_[op.memory - 1];
  if (memory.staging == nullptr || op.bytes == 0) return {};
  if (op.address < memory.address || op.bytes > memory.bytes || op.address - memory.address > memory.bytes - op.bytes) {
    return {HAWSER_INVALID_ARGUMENT, "the operation's bytes lie outside of its registered memory"};
  }
  *out = memory.staging;
  return {};
}

bool DeviceMemories::busy() const {
  return !held_.empty() || std::any_of(stagings_.begin(), stagings_.end(), [](auto& one) { return one->busy(); });
}

bool DeviceMemories::touches(uint64_t op) const {
  return std::any_of(stagings_.begin(), stagings_.end(), [op](auto& one) { return one->touches(op); });
}

void DeviceMemories::post(const hawser_event& event) {
  if (!any() || !ends_operation(event)) {
    events_.post(event);
  } else if (touches(event.id)) {
    held_.push_back(event);
  } else {
    tell(event);
  }
}

void DeviceMemories::tell(hawser_event event) {
  for (auto& staging : stagings_) {
    if (!staging->take_failure(event.id) || event.code != HAWSER_OK) continue;
    event.code = HAWSER_IO;
    event.bytes = 0;
  }
  events_.post(event);
}

bool DeviceMemories::poll() {
  bool moved = false;
  for (auto& staging : stagings_) {
    if (staging->busy()) moved |= staging->poll();
  }
  if (!moved) return false;
  const auto over = std::stable_partition(held_.begin(), held_.end(), [this](auto& one) { return touches(one.id); });
  std::for_each(over, held_.end(), [this](const hawser_event& event) { tell(event); });
  held_.erase(over, held_.end());
  return true;
}

void DeviceMemories::drain() {
  for (auto& staging : stagings_) (void)staging->drain(kDrainPatience);
  for (const hawser_event& event : held_) tell(event);
  held_.clear();
}

const Status& DeviceMemories::failure() const {
  const auto failed = std::find_if(stagings_.begin(), stagings_.end(), [](auto& one) { return !one->failure().ok(); });
  return failed == stagings_.end() ? none_ : (*failed)->failure();
}

}  // namespace hawser
