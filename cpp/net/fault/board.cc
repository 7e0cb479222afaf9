#include "net/fault/board.h"

#include <fcntl.h>
#include <unistd.h>

namespace hawser {

namespace {

std::string key_of(const Handle& handle) { return {reinterpret_cast<const char*>(handle.bytes), sizeof(handle.bytes)}; }

void add(std::atomic<int>& count, uint32_t amount) {
  count.fetch_add(static_cast<int>(amount), std::memory_order_relaxed);
}

void extend(std::atomic<Nanos>& until, uint32_t millis) {
  until.store(now() + static_cast<Nanos>(millis) * kMillisecond, std::memory_order_relaxed);
}

}  // namespace

bool LaneFaults::take(std::atomic<int>& count) {
  int left = count.load(std::memory_order_relaxed);
  while (left > 0 && !count.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) continue;
  return left > 0;
}

Status FaultBoard::open_log(const std::string& path) {
  log_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  return log_.get() < 0 ? Status::from_errno(HAWSER_IO, "the log of the network 'fault' cannot be written: " + path)
                        : Status();
}

LaneFaults& FaultBoard::at(size_t index) {
  while (lanes_.size() <= index) lanes_.push_back(std::make_unique<LaneFaults>());
  return *lanes_[index];
}

LaneFaults& FaultBoard::lane(size_t index) {
  const std::scoped_lock lock(mutex_);
  return at(index);
}

LaneFaults& FaultBoard::listening(size_t index, const Handle& handle) {
  const std::scoped_lock lock(mutex_);
  return *(by_handle_[key_of(handle)] = &at(index));
}

LaneFaults& FaultBoard::connecting(const Handle& handle) {
  const std::scoped_lock lock(mutex_);
  LaneFaults*& known = by_handle_[key_of(handle)];
  if (known == nullptr) known = &at(lanes_.size());
  return *known;
}

void FaultBoard::aim() {
  next_at_.store(next_ < plan_.size() ? plan_[next_].at : std::numeric_limits<uint64_t>::max(),
                 std::memory_order_relaxed);
}

void FaultBoard::count() {
  const uint64_t operation = operations_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (operation < next_at_.load(std::memory_order_relaxed)) return;
  const std::scoped_lock lock(mutex_);
  while (next_ < plan_.size() && plan_[next_].at <= operation) inject(plan_[next_++]);
  aim();
}

void FaultBoard::inject(const Fault& fault) {
  LaneFaults& hit = *lanes_[fault.lane % lanes_.size()];
  switch (fault.kind) {
    case FaultKind::kReset:
      add(hit.resets, 1);
      break;
    case FaultKind::kCut:
      add(hit.cuts, 1);
      break;
    case FaultKind::kSilence:
      extend(hit.silent_until, fault.amount);
      break;
    case FaultKind::kPause:
      extend(hit.paused_until, fault.amount);
      break;
    case FaultKind::kSlow:
      extend(hit.slow_until, fault.amount);
      break;
    case FaultKind::kLate:
      add(hit.late_messages, fault.amount);
      break;
    case FaultKind::kCorrupt:
      add(hit.flips, fault.amount);
      break;
    case FaultKind::kSend:
      add(hit.failing_sends, 1);
      break;
    case FaultKind::kReceive:
      add(hit.failing_receives, 1);
      break;
    case FaultKind::kRefuse:
      add(hit.refused_connects, fault.amount);
      add(hit.resets, 1);
      break;
    case FaultKind::kMemory:
      add(hit.refused_memories, fault.amount);
      break;
    case FaultKind::kVanish:
      for (const auto& lane : lanes_) {
        if (lane->device.load(std::memory_order_relaxed) != hit.device.load(std::memory_order_relaxed)) continue;
        add(lane->refused_connects, fault.amount);
        add(lane->resets, 1);
      }
      break;
  }
  const std::string line = to_text(fault) + "\n";
  // A log that cannot be written any more must not change what is rehearsed.
  if (log_.get() >= 0) (void)!::write(log_.get(), line.data(), line.size());
}

}  // namespace hawser
