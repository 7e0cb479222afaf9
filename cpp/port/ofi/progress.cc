#include "port/ofi/progress.h"

#include <rdma/fi_eq.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "port/connection.h"

namespace hawser::port {

namespace {

// How long to go on after the last thing that happened: a sleep in between costs more, on both sides. The long one is
// for when the last sleep was shorter than it.
constexpr Nanos kShortSpin = 20 * kMicrosecond;
constexpr Nanos kLongSpin = 1000 * kMicrosecond;
constexpr Nanos kLookEvery = 100 * kMicrosecond;  // at the descriptors, meanwhile
constexpr Nanos kAway = 500 * kMicrosecond;
constexpr int kMostTimesAway = 4;
constexpr Nanos kBusyNap = 1 * kMillisecond;    // with something on its way: a descriptor should be ready before
constexpr Nanos kIdleNap = 10 * kMillisecond;   // with nothing on its way: no descriptor tells of those who connect
constexpr Nanos kFirstNap = 20 * kMicrosecond;  // where no descriptor tells: grows to the last one
constexpr Nanos kLastNap = 500 * kMicrosecond;
constexpr Nanos kPeek = 50 * kMicrosecond;  // where a NIC may write the word that is waited for, and tells nobody
constexpr int kNapsBeforeGrowth = 64;

}  // namespace

Status OfiProgress::Sleeper::open() {
  event = UniqueFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  return event.valid() ? Status() : Status::from_errno(HAWSER_IO, "no eventfd");
}

void OfiProgress::Sleeper::wake() {
  if (asleep.load(std::memory_order_relaxed) && asleep.exchange(false)) eventfd_write(event.get(), 1);
}

Status OfiProgress::start() {
  for (Sleeper* sleeper : {&waiting_, &idle_}) {
    if (Status status = sleeper->open(); !status.ok()) return {status.code(), device_.name() + ": " + status.text()};
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

OfiProgress::~OfiProgress() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  lead_.end();
  eventfd_write(idle_.event.get(), 1);
  thread_.join();
}

void OfiProgress::add(OfiPolled* polled) {
  const std::scoped_lock lock(mutex_);
  polled_.push_back(polled);
}

void OfiProgress::remove(OfiPolled* polled) {
  const std::scoped_lock lock(mutex_);
  std::erase(polled_, polled);
}

void OfiProgress::wake(bool pending) {
  // Full fence: either who drives sees what is pending, or what came, before it sleeps, or this sees that it sleeps.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  waiting_.wake();
  // The thread, too: the one who waits may leave before it has seen anything.
  if (pending) idle_.wake();
}

bool OfiProgress::anything_pending() {
  const std::scoped_lock lock(mutex_);
  return std::any_of(polled_.begin(), polled_.end(), [](const OfiPolled* one) { return one->pending(); });
}

bool OfiProgress::poll(bool* pending) {
  // Nothing completes in the mailbox; to read it is to let the provider work.
  fi_cq_entry none{};
  bool moved = fi_cq_read(device_.mailbox().completions.get(), &none, 1) > 0;
  const std::scoped_lock lock(mutex_);
  *pending = false;
  for (OfiPolled* one : polled_) {
    if (!one->pending()) continue;
    moved |= one->poll(&news_);
    *pending |= one->pending();
  }
  return moved;
}

// [who leads] Whether anything happened.
bool OfiProgress::round(bool* pending) {
  bool moved = poll(pending);
  for (OfiNews& one : news_) {
    moved = true;
    if (one.failure.ok()) {
      one.connection->pump();
    } else {
      one.connection->fail(std::move(one.failure));
    }
  }
  news_.clear();
  lead_.ring_arrived();
  return moved;
}

// False: something came between the last round and now. `told` is whether descriptors tell of everything.
bool OfiProgress::watch(Sleeper& sleeper, bool* told) {
  sleeper.watched.assign({{sleeper.event.get(), POLLIN, 0}});
  bool nothing = true;
  *told = true;
  const auto add = [&](OfiEnd& end) {
    fid* queue = &end.completions->fid;
    *told &= end.wait_fd >= 0;
    if (end.wait_fd < 0) return;
    nothing &= fi_trywait(device_.nic().fabric(), &queue, 1) == 0;
    sleeper.watched.push_back({end.wait_fd, POLLIN, 0});
  };
  add(device_.mailbox());
  const std::scoped_lock lock(mutex_);
  for (OfiPolled* one : polled_) {
    if (one->pending()) add(one->end());
  }
  return nothing;
}

// Whether there is something to do, as far as descriptors tell.
bool OfiProgress::look_or_sleep(Sleeper& sleeper, bool pending, Nanos longest, const Awaited* awaited) {
  sleeper.asleep.store(true, std::memory_order_relaxed);
  // As in wake().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  bool ready = true;
  if (!stopping_ && (pending || !anything_pending()) && (awaited == nullptr || !awaited->done())) {
    bool told = true;
    const bool nothing = watch(sleeper, &told);
    Nanos nap = pending ? kBusyNap : kIdleNap;
    if (!told) nap = std::min(kLastNap, kFirstNap * (1 + sleeper.quiet / kNapsBeforeGrowth));
    if (awaited != nullptr && !device_.is_software()) nap = std::min(nap, kPeek);
    nap = std::clamp<Nanos>(longest, 0, nap);
    const timespec time{nap / kSecond, nap % kSecond};
    // A connection that is closed meanwhile takes its descriptor along: poll() then says so, at worst at the nap's end.
    const Nanos begin = now();
    ready = !nothing || ppoll(sleeper.watched.data(), sleeper.watched.size(), &time, nullptr) > 0;
    if (longest > 0) {
      sleeper.spin = !told || (ready && now() - begin < kLongSpin) ? kLongSpin : kShortSpin;
      sleeper.quiet = pending ? 0 : std::min(sleeper.quiet + 1, 1 << 20);
    }
  }
  if (!sleeper.asleep.exchange(false, std::memory_order_relaxed)) {
    eventfd_t drained = 0;
    eventfd_read(sleeper.event.get(), &drained);
  }
  return ready;
}

// After a round: goes on at once, or sleeps where nothing has happened for as long as that is worth.
void OfiProgress::rest(Sleeper& sleeper, bool moved, bool pending, const Awaited* awaited) {
  const Nanos time = now();
  if (moved) sleeper.active = time;
  if (moved || time < sleeper.look_at) return;
  Nanos longest = 0;
  if (time - sleeper.active >= sleeper.spin) longest = awaited == nullptr ? kIdleNap : awaited->deadline - time;
  if (look_or_sleep(sleeper, pending, longest, awaited)) sleeper.active = now();
  sleeper.look_at = now() + kLookEvery;
}

bool OfiProgress::await(const Awaited& awaited) {
  return lead_.await(awaited, [&] { lead(awaited); });
}

void OfiProgress::lead(const Awaited& awaited) {
  waiting_.quiet = 0;
  waiting_.active = now();
  for (bool pending = false;;) {
    const bool moved = round(&pending);
    if (awaited.done()) return;
    rest(waiting_, moved, pending, &awaited);
  }
}

// The thread naps while another is in the provider, but not for ever: what peers write must come in meanwhile, too.
bool OfiProgress::stays_away(int* times) const {
  if (uses_.load(std::memory_order_relaxed) == 0 || *times == kMostTimesAway) return false;
  ++*times;
  const timespec nap{0, kAway};
  nanosleep(&nap, nullptr);
  return true;
}

void OfiProgress::run() {
  int times_away = 0;
  while (!stopping_) {
    if (stays_away(&times_away) || !lead_.take_when_idle()) continue;
    times_away = 0;
    bool pending = false;
    const bool moved = round(&pending);
    lead_.leave_idle();
    rest(idle_, moved, pending, nullptr);
  }
}

}  // namespace hawser::port
