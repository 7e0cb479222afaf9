#include "net/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>

namespace hawser {
namespace {

constexpr int kEventsPerWait = 64;

// epoll_wait's milliseconds are too coarse for a driver that has a chunk to answer for: rounded up they sleep too long,
// rounded down they spin. Kernels before 5.11 have nothing else, there up it is.
int wait_once(int epoll, epoll_event* events, Nanos timeout) {
#if defined(SYS_epoll_pwait2)
  static thread_local bool has_pwait2 = true;
  if (has_pwait2 && timeout > 0) {
    const timespec time{static_cast<time_t>(timeout / kSecond), static_cast<long>(timeout % kSecond)};
    const long count = syscall(SYS_epoll_pwait2, epoll, events, kEventsPerWait, &time, nullptr, size_t{0});
    if (count >= 0 || errno != ENOSYS) return static_cast<int>(count);
    has_pwait2 = false;
  }
#endif
  const Nanos rounded = timeout < 0 ? -1 : (timeout + kMillisecond - 1) / kMillisecond;
  constexpr Nanos kMost = std::numeric_limits<int>::max();
  return epoll_wait(epoll, events, kEventsPerWait, static_cast<int>(std::min(rounded, kMost)));
}

}  // namespace

Poller::~Poller() {
  if (event_ >= 0) close(event_);
  if (epoll_ >= 0) close(epoll_);
}

Status Poller::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return Status::from_errno(HAWSER_IO, "cannot make an epoll descriptor (see ulimit -n)");
  event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_ < 0) return Status::from_errno(HAWSER_IO, "cannot make an eventfd (see ulimit -n)");
  // Edge-triggered: every wake() is an edge of its own, so nobody has to read the counter back.
  return add(event_, EPOLLIN | EPOLLET, nullptr);
}

Status Poller::add(int fd, uint32_t events, PollTarget* target) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = target;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    return Status::from_errno(HAWSER_IO, "cannot watch a descriptor with epoll");
  }
  return {};
}

void Poller::remove(int fd) {
  epoll_event ignored{};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &ignored);
}

int Poller::wait(Nanos timeout) {
  std::array<epoll_event, kEventsPerWait> events;
  const Nanos deadline = timeout > 0 ? now() + timeout : 0;
  int count = wait_once(epoll_, events.data(), timeout);
  while (count < 0 && errno == EINTR) {
    const Nanos left = timeout > 0 ? std::max<Nanos>(deadline - now(), 0) : timeout;
    count = wait_once(epoll_, events.data(), left);
  }
  int called = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr == nullptr) continue;
    static_cast<PollTarget*>(event.data.ptr)->on_ready(event.events);
    ++called;
  }
  return called;
}

void Poller::wake() {
  const int before = errno;
  const uint64_t one = 1;
  const ssize_t written = write(event_, &one, sizeof one);
  static_cast<void>(written);  // only a counter of 2^64 - 1 wake-ups could refuse
  errno = before;
}

}  // namespace hawser
