// Sleeping and waking, and what the kernel reports about devices.
#include "net/poller.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "net/link_monitor.h"

namespace hawser {
namespace {

struct Note : PollTarget {
  uint32_t events = 0;
  int calls = 0;
  void on_ready(uint32_t ready) override {
    events = ready;
    ++calls;
  }
};

TEST(PollerTest, SleepsAsLongAsToldAndNotMuchLonger) {
  Poller poller;
  ASSERT_TRUE(poller.open().ok());
  for (const Nanos asked : {200 * kMicrosecond, 3 * kMillisecond, 40 * kMillisecond}) {
    const Nanos begin = now();
    EXPECT_EQ(poller.wait(asked), 0);
    const Nanos slept = now() - begin;
    EXPECT_GE(slept, asked);
    EXPECT_LT(slept, asked + kSecond);
  }
  const Nanos begin = now();
  EXPECT_EQ(poller.wait(0), 0);
  EXPECT_LT(now() - begin, kSecond);
}

TEST(PollerTest, AWakeFromAnotherThreadEndsTheSleep) {
  Poller poller;
  ASSERT_TRUE(poller.open().ok());
  for (int round = 0; round < 20; ++round) {
    std::thread waker([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      poller.wake();
    });
    const Nanos begin = now();
    EXPECT_EQ(poller.wait(10 * kSecond), 0) << "a wake-up is not counted";
    EXPECT_LT(now() - begin, 5 * kSecond);
    waker.join();
  }
}

TEST(PollerTest, AWakeBeforeTheSleepEndsItOnce) {
  Poller poller;
  ASSERT_TRUE(poller.open().ok());
  poller.wake();
  poller.wake();
  Nanos begin = now();
  EXPECT_EQ(poller.wait(10 * kSecond), 0);
  EXPECT_LT(now() - begin, 5 * kSecond);
  begin = now();
  EXPECT_EQ(poller.wait(30 * kMillisecond), 0);
  EXPECT_GE(now() - begin, 30 * kMillisecond) << "no wake-up may be left over";
}

TEST(PollerTest, CallsTheTargetOfAReadyDescriptorUntilItIsRemoved) {
  Poller poller;
  ASSERT_TRUE(poller.open().ok());
  const UniqueFd fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  Note note;
  ASSERT_TRUE(poller.add(fd.get(), EPOLLIN | EPOLLET, &note).ok());
  EXPECT_EQ(poller.wait(0), 0);
  eventfd_write(fd.get(), 1);
  EXPECT_EQ(poller.wait(kSecond), 1);
  EXPECT_EQ(note.events, static_cast<uint32_t>(EPOLLIN));
  EXPECT_EQ(poller.wait(0), 0) << "edge-triggered: told once";
  poller.remove(fd.get());
  eventfd_write(fd.get(), 1);
  EXPECT_EQ(poller.wait(0), 0);
  EXPECT_EQ(note.calls, 1);
}

TEST(PollerTest, ABadDescriptorIsAnError) {
  Poller poller;
  ASSERT_TRUE(poller.open().ok());
  Note note;
  EXPECT_EQ(poller.add(-1, EPOLLIN, &note).code(), HAWSER_IO);
}

void set_loopback_up(bool up) {
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  ASSERT_EQ(ioctl(fd.get(), SIOCGIFFLAGS, &request), 0);
  const int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
  request.ifr_flags = static_cast<short>(flags);
  ASSERT_EQ(ioctl(fd.get(), SIOCSIFFLAGS, &request), 0);
}

// In a network namespace of its own thread, where loopback may be taken down.
void watch_loopback() {
  Poller poller;
  ASSERT_TRUE(poller.open().ok());
  struct Change {
    std::string name;
    bool up;
  };
  std::vector<Change> changes;
  LinkMonitor monitor([&](int, const std::string& name, bool up) { changes.push_back({name, up}); });
  ASSERT_TRUE(monitor.arm(poller).ok());
  monitor.poll();
  EXPECT_TRUE(changes.empty());
  bool up = true;
  for (size_t round = 0; round < 4; ++round, up = !up) {
    set_loopback_up(up);
    const Nanos deadline = now() + 5 * kSecond;
    while (changes.size() <= round && now() < deadline) {
      poller.wait(100 * kMillisecond);
      monitor.poll();
    }
    ASSERT_EQ(changes.size(), round + 1);
    EXPECT_EQ(changes[round].name, "lo");
    EXPECT_EQ(changes[round].up, up);
  }
}

TEST(LinkMonitorTest, TellsWhenADeviceGoesDownAndComesBack) {
  bool permitted = false;
  std::thread inside([&] {
    permitted = unshare(CLONE_NEWNET) == 0;
    if (permitted) watch_loopback();
  });
  inside.join();
  if (!permitted) GTEST_SKIP() << "a network namespace of one's own needs CAP_SYS_ADMIN";
}

}  // namespace
}  // namespace hawser
