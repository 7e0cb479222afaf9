#include "port/lead.h"

#include <algorithm>
#include <ctime>

namespace hawser::port {

namespace {

// A follower looks so long before it sleeps: a thread that leads is back from its round by then, mostly.
constexpr Nanos kFollowSpin = 5 * kMicrosecond;
// Whoever waited mostly waits again soon: the thread takes over when nobody has for so long.
constexpr Nanos kTakeOver = 500 * kMicrosecond;

bool led(uint32_t term) { return term % 2 != 0; }

}  // namespace

bool Lead::take() {
  uint32_t term = term_.load(std::memory_order_relaxed);
  // Acquire: what the one before did, whichever thread it was.
  return !led(term) && term_.compare_exchange_strong(term, term + 1, std::memory_order_acquire);
}

bool Lead::leave() {
  term_.fetch_add(1, std::memory_order_release);
  term_.notify_one();  // the thread, if it sleeps out this turn
  // No wake-up is lost: a follower enters the list under the mutex before it looks whether somebody leads. Either it is
  // in the list here, and its bell rings after it was told of a free lead; or it enters later, and sees the lead free.
  const std::scoped_lock lock(mutex_);
  return pass_on();
}

bool Lead::pass_on() {
  const auto next = std::find_if(followers_.begin(), followers_.end(),
                                 [](const Follower& follower) { return !follower.awaited->arrived(); });
  if (next == followers_.end()) return false;
  ring_word(next->awaited->word);
  return true;
}

void Lead::ring_arrived() {
  // Relaxed: a follower that is missed looks at its word before it sleeps, and the next round finds it.
  if (following_.load(std::memory_order_relaxed) == 0) return;
  const std::scoped_lock lock(mutex_);
  for (Follower& follower : followers_) {
    if (follower.rung || !follower.awaited->arrived()) continue;
    follower.rung = true;
    ring_word(follower.awaited->word);
  }
}

void Lead::follow(const Awaited& awaited) {
  {
    const std::scoped_lock lock(mutex_);
    followers_.push_back({&awaited, false});
    following_.store(followers_.size(), std::memory_order_relaxed);
  }
  wait_word(awaited.word, awaited.expected, awaited.deadline, kFollowSpin, true,
            [&] { return awaited.over() || !led(term_.load(std::memory_order_acquire)); });
  const std::scoped_lock lock(mutex_);
  std::erase_if(followers_, [&](const Follower& follower) { return follower.awaited == &awaited; });
  following_.store(followers_.size(), std::memory_order_relaxed);
  // It may have been asked to take the lead, and does not need it any more.
  if (awaited.done() && !led(term_.load(std::memory_order_relaxed))) pass_on();
}

bool Lead::await(const Awaited& awaited, const std::function<void()>& drive) {
  do {
    if (take()) {
      drive();
      leave();
    } else if (!awaited.arrived()) {
      follow(awaited);
    }
  } while (!awaited.done());
  return awaited.arrived();
}

bool Lead::take_when_idle() {
  const uint32_t term = term_.load(std::memory_order_acquire);
  if (term != seen_) {
    seen_ = term;
    const timespec nap{0, kTakeOver};
    nanosleep(&nap, nullptr);
    return false;
  }
  if (led(term)) {
    term_.wait(term);
    return false;
  }
  return take();
}

void Lead::leave_idle() {
  // With followers the term stays one that the thread has not seen: it naps.
  if (!leave()) seen_ = term_.load(std::memory_order_relaxed);
}

void Lead::end() {
  term_.fetch_add(2, std::memory_order_release);
  term_.notify_one();
}

}  // namespace hawser::port
