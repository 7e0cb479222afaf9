#include "port/ofi_progress.h"

#include <poll.h>
#include <rdma/fi_eq.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "port/connection.h"

namespace hawser::port {

namespace {

constexpr Nanos kSpin = 50 * kMicrosecond;      // after the last thing that happened
constexpr Nanos kBusyNap = 1 * kMillisecond;    // with something on its way: a descriptor should be ready before
constexpr Nanos kIdleNap = 10 * kMillisecond;   // with nothing on its way: no descriptor tells of those who connect
constexpr Nanos kFirstNap = 20 * kMicrosecond;  // where no descriptor tells: grows to the last one
constexpr Nanos kLastNap = 500 * kMicrosecond;
constexpr int kNapsBeforeGrowth = 64;

}  // namespace

Status OfiProgress::start() {
  event_ = UniqueFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event_.valid()) return Status::from_errno(HAWSER_IO, device_.name() + ": no eventfd");
  thread_ = std::thread([this] { run(); });
  return {};
}

OfiProgress::~OfiProgress() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  eventfd_write(event_.get(), 1);
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

void OfiProgress::wake() {
  // Full fence: either the thread sees what is pending before it sleeps, or this sees that it sleeps.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_relaxed) && asleep_.exchange(false)) eventfd_write(event_.get(), 1);
}

bool OfiProgress::anything_pending() {
  const std::scoped_lock lock(mutex_);
  return std::any_of(polled_.begin(), polled_.end(), [](const OfiPolled* one) { return one->pending(); });
}

bool OfiProgress::round(std::vector<OfiNews>* news, bool* pending) {
  // Nothing completes in the mailbox; to read it is to let the provider work.
  fi_cq_entry none{};
  bool moved = fi_cq_read(device_.mailbox().completions.get(), &none, 1) > 0;
  const std::scoped_lock lock(mutex_);
  *pending = false;
  for (OfiPolled* one : polled_) {
    if (!one->pending()) continue;
    moved |= one->poll(news);
    *pending |= one->pending();
  }
  return moved;
}

void OfiProgress::sleep(bool pending) {
  asleep_.store(true, std::memory_order_relaxed);
  // As in wake().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!stopping_ && (pending || !anything_pending())) {
    std::vector<pollfd> watched{{event_.get(), POLLIN, 0}};
    bool told = true;     // by descriptors, of everything
    bool nothing = true;  // came between the last round and now
    {
      const std::scoped_lock lock(mutex_);
      const auto watch = [&](OfiPort& port) {
        fid* queue = &port.completions->fid;
        told &= port.wait_fd >= 0;
        if (port.wait_fd < 0) return;
        nothing &= fi_trywait(device_.fabric(), &queue, 1) == 0;
        watched.push_back({port.wait_fd, POLLIN, 0});
      };
      watch(device_.mailbox());
      for (OfiPolled* one : polled_) {
        if (one->pending()) watch(one->port());
      }
    }
    Nanos nap = pending ? kBusyNap : kIdleNap;
    if (!told) nap = std::min(kLastNap, kFirstNap * (1 + quiet_ / kNapsBeforeGrowth));
    const timespec time{nap / kSecond, nap % kSecond};
    // A connection that is closed meanwhile takes its descriptor along: poll() then says so, at worst at the nap's end.
    if (nothing) ppoll(watched.data(), watched.size(), &time, nullptr);
    quiet_ = pending ? 0 : std::min(quiet_ + 1, 1 << 20);
  }
  asleep_.store(false, std::memory_order_relaxed);
  eventfd_t drained = 0;
  eventfd_read(event_.get(), &drained);
}

void OfiProgress::run() {
  std::vector<OfiNews> news;
  Nanos busy_until = 0;
  while (!stopping_) {
    bool pending = false;
    const bool moved = round(&news, &pending);
    for (OfiNews& one : news) {
      if (one.failure.ok()) {
        one.connection->pump();
      } else {
        one.connection->fail(std::move(one.failure));
      }
    }
    const bool acted = moved || !news.empty();
    news.clear();
    if (acted) busy_until = now() + kSpin;
    if (acted || (pending && now() < busy_until)) continue;
    sleep(pending);
  }
}

}  // namespace hawser::port
