// Threads that stand by to do a job together with whoever calls, as long as it is dealt out in pieces. A helper that
// comes late, or not at all, costs nothing: the caller takes the pieces itself, and waits for those alone who have
// come.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/status.h"

namespace hawser {

class Crew {
 public:
  Crew() = default;
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // `threads` counts the caller's.
  Status start(uint32_t threads);
  uint32_t threads() const { return static_cast<uint32_t>(helpers_.size()) + 1; }

  // [one thread at a time, blocks] `job()` runs on the caller and on every helper that comes before the caller's run of
  // it has ended. Jobs deal their pieces out by themselves, and do not throw.
  template <typename Job>
  void run(Job& job) {
    work(&job, [](void* it) { (*static_cast<Job*>(it))(); });
  }

 private:
  using Function = void (*)(void*);
  // The gate: how often it was opened, whether it is open, and how many helpers are inside.
  static constexpr uint32_t kInside = 0x7ff;
  static constexpr uint32_t kOpen = 0x800;
  static constexpr uint32_t kTurn = 0x1000;

  void work(void* job, Function function);
  void help();
  void await_change(uint32_t gate) const;

  void* job_ = nullptr;
  Function function_ = nullptr;
  alignas(64) std::atomic<uint32_t> gate_{0};
  std::atomic<bool> over_{false};
  std::vector<std::thread> helpers_;
};

}  // namespace hawser
