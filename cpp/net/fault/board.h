// What is wrong with each lane of a fault-injecting network at present. Networks of both ends of a link may share one
// board: a fault then holds for both.
#pragma once

#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "net/fault/plan.h"
#include "net/transport.h"

namespace hawser {

// Faults that are due, written by whoever injects them and taken by the lane's comms. Relaxed throughout: each stands
// alone, and it does not matter which of two operations at a time meets it.
struct LaneFaults {
  static constexpr Nanos kUntilTold = std::numeric_limits<Nanos>::max();

  std::atomic<Nanos> silent_until{0};  // no bytes pass, nor do new connections come about
  std::atomic<Nanos> paused_until{0};
  std::atomic<Nanos> slow_until{0};
  // So many of the next ones:
  std::atomic<int> resets{0};
  std::atomic<int> cuts{0};
  std::atomic<int> failing_sends{0};
  std::atomic<int> failing_receives{0};
  std::atomic<int> late_messages{0};
  std::atomic<int> flips{0};           // messages with a wrong bit,
  std::atomic<size_t> flips_above{0};  // of those that are longer than this
  std::atomic<int> refused_connects{0};
  std::atomic<int> refused_listens{0};
  std::atomic<int> refused_memories{0};

  std::atomic<int> registrations{0};  // that are live
  std::atomic<int> device{-1};

  // Whether one more is due, which is taken.
  static bool take(std::atomic<int>& count);
  static bool lasts(const std::atomic<Nanos>& until) {
    const Nanos end = until.load(std::memory_order_relaxed);
    return end != 0 && end > now();
  }
  static bool due(const std::atomic<int>& count) { return count.load(std::memory_order_relaxed) > 0; }
};

// [any]
class FaultBoard {
 public:
  FaultBoard() = default;  // without a plan
  // `sealed`: the network below proves every byte's origin, so that a wrong one ends the connection.
  FaultBoard(std::vector<Fault> plan, bool sealed) : sealed_(sealed), plan_(std::move(plan)) { aim(); }
  bool sealed() const { return sealed_; }
  // Appends to this file from now on.
  Status open_log(const std::string& path);

  // Lanes are numbered in the order in which they are first listened for or connected. The reference stays good as long
  // as the board.
  LaneFaults& lane(size_t index);
  LaneFaults& listening(size_t index, const Handle& handle);
  LaneFaults& connecting(const Handle& handle);

  // A send or a receive begins: injects what is due.
  void count();

 private:
  void aim();
  LaneFaults& at(size_t index);
  void inject(const Fault& fault);

  const bool sealed_ = false;
  std::mutex mutex_;
  std::vector<std::unique_ptr<LaneFaults>> lanes_;
  std::map<std::string, LaneFaults*> by_handle_;
  std::vector<Fault> plan_;
  size_t next_ = 0;
  std::atomic<uint64_t> next_at_{std::numeric_limits<uint64_t>::max()};
  std::atomic<uint64_t> operations_{0};
  UniqueFd log_;
};

}  // namespace hawser
