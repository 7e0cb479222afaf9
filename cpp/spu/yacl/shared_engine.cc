#include "spu/yacl/shared_engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <utility>

#include "spu/yacl/lane_error.h"

namespace hawser {

namespace {

constexpr Nanos kSlice = 100 * kMillisecond;     // no wait is longer, so that a missed wake-up costs no more
constexpr Nanos kIdle = kMillisecond;            // without a round for so long, the engine's own thread drives
constexpr Nanos kTick = 2 * kMillisecond;        // and so often it looks
constexpr Nanos kClaimPoll = 50 * kMicrosecond;  // a claim looks again
constexpr Nanos kSpin = 50 * kMicrosecond;       // how long a wait polls
constexpr uint32_t kTolerated = 3;               // polls in vain, one after the other, until waits sleep at once
constexpr uint32_t kTrialEvery = 32;             // of these, one polls all the same
constexpr Nanos kBrokenPause = 10 * kMillisecond;

}  // namespace

// ---------------------------------------------------------------------------------------------------- posting

void SharedEngine::post(const hawser_op& op) {
  if (!overflow_.empty() || !rings_->post(op)) overflow_.push_back(op);
  posted_ = true;
}

void SharedEngine::flush_overflow() {
  while (!overflow_.empty() && rings_->post(overflow_.front())) overflow_.pop_front();
}

void SharedEngine::start(Lock& lock) {
  if (!driving_ && claims_ == 0) {
    round(lock, 0, 0);
    finish(lock);
    return;
  }
  // The operation must be visible before the flag is read: the driver raises the flag, then looks at the ring.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::atomic_ref<uint32_t>(shared_->sleeping).load(std::memory_order_acquire) != 0) {
    hawser_engine_wake(engine_.get());
  }
}

// ---------------------------------------------------------------------------------------------------- driving

void SharedEngine::round(Lock& lock, Nanos timeout, Nanos spin) {
  flush_overflow();
  posted_ = !overflow_.empty();
  driving_ = true;
  lock.unlock();
  hawser_error error{};
  int32_t events = 0;
  if (broken_) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(timeout, kBrokenPause)));
  } else {
    events = hawser_engine_progress(engine_.get(), timeout, spin, &error);
  }
  lock.lock();
  told_ = gave_chunks_ = false;
  if (!broken_) handle(events, error);
  driving_ = false;
  last_round_ = now();
  if (parked_ > 0 && (told_ || background_ || claims_ > 0)) changed_.notify_all();
}

void SharedEngine::handle(int32_t events, const hawser_error& error) {
  if (events < 0) {
    break_down(error.code, error.text);
    return;
  }
  try {
    gave_chunks_ = rings_->after_progress();
  } catch (const std::exception& failure) {
    break_down(HAWSER_INTERNAL, failure.what());
  }
}

void SharedEngine::break_down(int32_t code, const char* why) {
  broken_ = told_ = true;
  user_.on_broken(code, why);
}

// Whoever posted while the role was taken relies on the one who had it, and chunks given to lanes leave with the next
// round.
void SharedEngine::finish(Lock& lock) {
  if (driving_ || broken_ || (!posted_ && !gave_chunks_)) return;
  do {
    round(lock, 0, 0);
  } while (posted_ && !driving_ && !broken_);
}

void SharedEngine::park(Lock& lock, Nanos timeout) {
  ++parked_;
  changed_.wait_for(lock, std::chrono::nanoseconds(timeout));
  --parked_;
}

void SharedEngine::notify() {
  if (parked_ > 0) changed_.notify_all();
  if (driving_) hawser_engine_wake(engine_.get());
}

Nanos SharedEngine::SpinBudget::next() {
  ++waits_;
  return polled_ = in_vain_ < kTolerated || waits_ % kTrialEvery == 0 ? kSpin : 0;
}

void SharedEngine::SpinBudget::waited(Nanos time) {
  if (polled_ != 0) in_vain_ = time < kSpin ? 0 : in_vain_ + 1;
}

SharedEngine::Waiter::Waiter(SharedEngine& engine, Lock& lock) : engine_(engine), lock_(lock) { ++engine_.waiters_; }

SharedEngine::Waiter::~Waiter() {
  --engine_.waiters_;
  if (drove_) {
    engine_.finish(lock_);
    if (engine_.resting_) engine_.tick_.notify_one();
  }
  // Another takes over.
  if (engine_.parked_ > 0) engine_.changed_.notify_all();
}

void SharedEngine::Waiter::step(Nanos left) {
  if (engine_.driving_ || engine_.claims_ > 0) {
    if (engine_.background_) hawser_engine_wake(engine_.engine_.get());
    engine_.park(lock_, std::min(left, kSlice));
    return;
  }
  if (!std::exchange(drove_, true)) ++engine_.holds_;
  const Nanos began = now();
  engine_.round(lock_, std::min(left, kSlice), engine_.budget_.next());
  engine_.budget_.waited(engine_.last_round_ - began);
}

void SharedEngine::claim(Lock& lock) {
  ++claims_;
  while (driving_) {
    hawser_engine_wake(engine_.get());
    park(lock, kClaimPoll);
  }
  --claims_;
}

// ---------------------------------------------------------------------------------------------------- background

bool SharedEngine::is_left_alone() const { return !driving_ && !is_wanted() && now() - last_round_ > kIdle; }

void SharedEngine::run_in_background() {
  Lock lock(mutex_);
  uint64_t seen = 0;
  while (!stopping_) {
    if (is_left_alone()) {
      background_ = true;
      while (!stopping_ && !is_wanted()) round(lock, kSlice, 0);
      background_ = false;
    }
    // While one thread sleeps on and on in a round, looking in often would only cost; it wakes us as it leaves.
    resting_ = driving_ && holds_ == std::exchange(seen, holds_);
    tick_.wait_for(lock, std::chrono::nanoseconds(resting_ ? kSlice : kTick));
    resting_ = false;
  }
}

// ---------------------------------------------------------------------------------------------------- life

SharedEngine::SharedEngine(const hawser_config& config, EngineUser& user) : user_(user) {
  hawser_error error{};
  hawser_engine* engine = nullptr;
  if (hawser_engine_open(&config, &engine, &error) != HAWSER_OK) raise(error, "the lanes cannot be opened");
  engine_.reset(engine);
  uint64_t bytes = 0;
  shared_ = hawser_engine_memory(engine, &bytes);
  rings_ = std::make_unique<RingDriver>(shared_, [this](const hawser_event& event) {
    told_ = true;
    user_.on_event(event);
  });
  last_round_ = now();
  thread_ = std::thread([this] { run_in_background(); });
}

SharedEngine::~SharedEngine() {
  {
    const Lock held(mutex_);
    stopping_ = true;
    tick_.notify_one();
    hawser_engine_wake(engine_.get());
  }
  thread_.join();
}

hawser_link_shared* SharedEngine::attach(Lock& lock, hawser_link* link, uint32_t* id) {
  claim(lock);
  hawser_error error{};
  if (hawser_link_attach(link, id, &error) != HAWSER_OK) raise(error, "a link cannot be driven");
  uint64_t bytes = 0;
  hawser_link_shared* shared = hawser_link_memory(link, &bytes);
  rings_->attached(*id, shared);
  return shared;
}

void SharedEngine::close(Lock& lock, hawser_link* link, uint32_t id) {
  claim(lock);
  if (!broken_) round(lock, 0, 0);
  claim(lock);
  hawser_link_close(link);
  rings_->detached(id);
  rings_->after_progress();
}

}  // namespace hawser
