#include "nccl/polled_engine.h"

#include <time.h>

#include <exception>

#include "nccl/log.h"

namespace hawser::nccl {

namespace {

// How long the role lies idle before the keeper takes it. Pollers that pause for longer lose nothing: they find what
// the keeper did.
constexpr Nanos kIdle = kMillisecond;
// How often a thread that closes a link looks whether all was delivered.
constexpr Nanos kLook = 100 * kMicrosecond;

void sleep_for(Nanos time) {
  const timespec pause{0, static_cast<long>(time)};
  nanosleep(&pause, nullptr);
}

}  // namespace

// The driver's role, waited for: the keeper steps back at once.
class PolledEngine::Role {
 public:
  explicit Role(PolledEngine& of) : of_(of) {
    // Sequentially consistent with keep_until_wanted(): either it sees the claim before it sleeps, or this wakes it.
    of_.claims_.fetch_add(1);
    of_.engine_.wake();
    of_.role_.lock();
    of_.claims_.fetch_sub(1);
  }
  ~Role() { of_.role_.unlock(); }
  Role(const Role&) = delete;
  Role& operator=(const Role&) = delete;

 private:
  PolledEngine& of_;
};

PolledEngine::~PolledEngine() { stop_keeper(); }

Status PolledEngine::open(const hawser_config& config) {
  if (Status status = engine_.open(config); !status.ok()) return status;
  rings_ = std::make_unique<RingDriver>(engine_.shared(), [this](const hawser_event& event) { on_event(event); });
  return {};
}

Status PolledEngine::attach(Link& link, LinkUser& user, uint32_t* id) {
  const std::lock_guard lock(links_mutex_);
  if (links_ == 0) start_keeper();
  ++links_;
  Status status;
  {
    const Role role(*this);
    status = engine_.attach(&link, id);
    if (status.ok()) {
      rings_->attached(*id, link.shared());
      if (users_.size() <= *id) users_.resize(*id + 1);
      users_[*id] = &user;
    }
  }
  if (!status.ok() && --links_ == 0) stop_keeper();
  return status;
}

void PolledEngine::detach(Link& link, uint32_t id, bool linger) {
  {
    const Role role(*this);
    if (linger) deliver(link);
    link.close();
    engine_.detach(&link);
    // Twice: what the ring of events had no room for comes with the second round, and so does the end of operations
    // that were posted and not taken yet.
    round();
    round();
    rings_->detached(id);
    users_[id] = nullptr;
  }
  const std::lock_guard lock(links_mutex_);
  if (--links_ == 0) stop_keeper();
}

void PolledEngine::as_driver(const std::function<void()>& work) {
  const Role role(*this);
  work();
}

void PolledEngine::deliver(Link& link) {
  const Nanos deadline = now() + engine_.link_options().link_timeout / 2;
  do {
    // Asleep: only a driver that is about to sleep tells peers of the last that it owes them.
    engine_.progress(kLook, 0);
    rings_->after_progress();
  } while (link.shared()->state == HAWSER_LINK_OPEN && load_relaxed(link.shared()->unacknowledged) != 0 &&
           now() < deadline);
}

void PolledEngine::post(const hawser_op& op) {
  while (!rings_->post(op)) drive();  // whoever drives makes room
  // The other half of Engine::sleep().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::atomic_ref<uint32_t>(engine_.shared()->sleeping).load(std::memory_order_relaxed) != 0) engine_.wake();
}

void PolledEngine::round() {
  engine_.progress(0, 0);
  // What was given to lanes leaves in the same round.
  if (rings_->after_progress()) engine_.progress(0, 0);
}

void PolledEngine::poll(uint64_t* asked) {
  if (*asked == rounds()) drive();
  *asked = rounds();
}

void PolledEngine::drive() {
  const std::unique_lock role(role_, std::try_to_lock);
  if (!role.owns_lock()) {
    // Relaxed: a poller that misses this asks again in a moment.
    if (keeping_.load(std::memory_order_relaxed)) {
      asked_for_.store(true);
      engine_.wake();
    }
    return;
  }
  round();
  rings_->after_progress();
  rounds_.fetch_add(1, std::memory_order_relaxed);
}

void PolledEngine::on_event(const hawser_event& event) {
  if (event.link < users_.size() && users_[event.link] != nullptr) users_[event.link]->on_event(event);
}

void PolledEngine::start_keeper() {
  keeper_ends_.store(false);
  keeper_ = std::thread([this] { keep(); });
}

void PolledEngine::stop_keeper() {
  if (!keeper_.joinable()) return;
  keeper_ends_.store(true);
  engine_.wake();
  keeper_.join();
}

void PolledEngine::keep() {
  while (!keeper_ends_.load()) {
    if (!is_left_alone()) continue;
    try {
      keep_until_wanted();
    } catch (const std::exception& failure) {
      // Memory, in the main. The pollers meet it too, and tell their host; the process is not ended from here.
      log_warning(std::string("nobody drives the lanes for a moment: ") + failure.what());
    }
    keeping_.store(false, std::memory_order_relaxed);
  }
}

bool PolledEngine::is_left_alone() {
  const uint64_t before = rounds_.load(std::memory_order_relaxed);
  sleep_for(kIdle);
  return rounds_.load(std::memory_order_relaxed) == before && claims_.load() == 0;
}

void PolledEngine::keep_until_wanted() {
  const std::unique_lock role(role_, std::try_to_lock);
  if (!role.owns_lock()) return;
  keeping_.store(true, std::memory_order_relaxed);
  asked_for_.store(false);
  while (!keeper_ends_.load() && claims_.load() == 0 && !asked_for_.load()) {
    engine_.progress(-1, 0);
    rings_->after_progress();
  }
}

}  // namespace hawser::nccl
