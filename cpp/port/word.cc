#include "port/word.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>

namespace hawser::port {

namespace {

// Longest sleep of a waiter: it looks at over() so often even when nobody rings.
constexpr Nanos kNap = 100 * kMillisecond;
// Where no one rings: first and longest sleep between looks.
constexpr Nanos kFirstPeek = 2 * kMicrosecond;
constexpr Nanos kLastPeek = 50 * kMicrosecond;
constexpr int kLooksPerClock = 64;

long futex(uint32_t* word, int operation, uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, word, operation, value, timeout, nullptr, 0);
}

timespec spec(Nanos time) { return {time / kSecond, time % kSecond}; }

bool arrived(const hawser_port_word& word, uint64_t expected) { return load_word(word) >= expected; }

bool spin_word(const hawser_port_word& word, uint64_t expected, Nanos until, const std::function<bool()>& over) {
  do {
    for (int look = 0; look < kLooksPerClock; ++look) {
      if (arrived(word, expected)) return true;
      relax();
    }
  } while (!over() && now() < until);
  return arrived(word, expected);
}

// Sleeps until rung, at most to `until`.
void sleep_on(hawser_port_word& word, uint64_t expected, Nanos until, const std::function<bool()>& over) {
  std::atomic_ref<uint32_t> sleepers(word.sleepers);
  const uint32_t bell = std::atomic_ref<uint32_t>(word.bell).load(std::memory_order_relaxed);
  // With the fence in store_word: either the store sees this sleeper, or the look below sees the stored value.
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!arrived(word, expected) && !over()) {
    const timespec wait = spec(std::clamp<Nanos>(until - now(), 0, kNap));
    futex(&word.bell, FUTEX_WAIT, bell, &wait);
  }
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void ring_word(hawser_port_word& word) {
  std::atomic_ref<uint32_t>(word.bell).fetch_add(1, std::memory_order_release);
  // Not private: the sleeper may be another process.
  futex(&word.bell, FUTEX_WAKE, INT_MAX, nullptr);
}

bool wait_word(hawser_port_word& word, uint64_t expected, Nanos deadline, Nanos spin, bool rung,
               const std::function<bool()>& over) {
  if (arrived(word, expected)) return true;
  if (spin > 0 && spin_word(word, expected, std::min(deadline, now() + spin), over)) return true;
  for (Nanos peek = kFirstPeek; !arrived(word, expected); peek = std::min(2 * peek, kLastPeek)) {
    if (over() || now() >= deadline) return arrived(word, expected);
    if (rung) {
      sleep_on(word, expected, deadline, over);
    } else {
      const timespec wait = spec(peek);
      nanosleep(&wait, nullptr);
    }
  }
  return true;
}

}  // namespace hawser::port
