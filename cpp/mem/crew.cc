#include "mem/crew.h"

#include <pthread.h>

#include <system_error>

#include "base/clock.h"

namespace hawser {

namespace {

// Jobs come in rows, and end close to each other on all threads: whoever waits looks for so long before it sleeps, as
// to be woken takes longer.
constexpr Nanos kLook = 30 * kMicrosecond;

}  // namespace

Crew::~Crew() {
  over_.store(true, std::memory_order_relaxed);
  // Release: whoever sees the new turn sees that it is the last.
  gate_.fetch_add(kTurn, std::memory_order_release);
  gate_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

Status Crew::start(uint32_t threads) {
  if (threads < 1 || threads > kInside) {
    return {HAWSER_INVALID_ARGUMENT, "a crew has 1 to 2047 threads, not " + std::to_string(threads)};
  }
  try {
    while (this->threads() < threads) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error& failure) {
    return {HAWSER_OUT_OF_MEMORY,
            "cannot start thread " + std::to_string(this->threads() + 1) + " of a crew: " + failure.what()};
  }
  return {};
}

void Crew::work(void* job, Function function) {
  if (helpers_.empty()) return function(job);
  job_ = job;
  function_ = function;
  // Release: who enters sees the job.
  gate_.store((gate_.load(std::memory_order_relaxed) & ~(kTurn - 1)) + kTurn + kOpen, std::memory_order_release);
  gate_.notify_all();
  function(job);
  gate_.fetch_and(~kOpen, std::memory_order_relaxed);
  // Acquire: what helpers did is done before the caller goes on.
  while (const uint32_t gate = gate_.load(std::memory_order_acquire)) {
    if ((gate & kInside) == 0) return;
    await_change(gate);
  }
}

// Relaxed: who goes on loads the gate again.
void Crew::await_change(uint32_t gate) const {
  for (const Nanos start = now(); now() - start < kLook;) {
    if (gate_.load(std::memory_order_relaxed) != gate) return;
  }
  gate_.wait(gate, std::memory_order_relaxed);
}

void Crew::help() {
  pthread_setname_np(pthread_self(), "hawser-crew");
  uint32_t served = 0;  // the last turn that this helper took part in
  for (;;) {
    uint32_t gate = gate_.load(std::memory_order_acquire);
    if (over_.load(std::memory_order_relaxed)) return;
    const uint32_t turn = gate / kTurn;
    if ((gate & kOpen) == 0 || turn == served) {
      await_change(gate);
      continue;
    }
    if (!gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acquire)) continue;
    served = turn;
    function_(job_);
    // Release: see work(). The last to leave wakes the caller, who may wait.
    if (((gate_.fetch_sub(1, std::memory_order_release) - 1) & kInside) == 0) gate_.notify_all();
  }
}

}  // namespace hawser
