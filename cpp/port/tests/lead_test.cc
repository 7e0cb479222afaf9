// Leaders and followers, with a device that answers only while somebody drives it.
#include "port/lead.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace hawser::port {
namespace {

constexpr Nanos kPatience = 30 * kSecond;
const std::function<bool()> kNever = [] { return false; };

// Each line's word comes to what was asked for in the rounds of whoever drives.
class Device {
 public:
  static constexpr int kLines = 4;
  void ask(int line, uint64_t value) { asked_[at(line)].store(value, std::memory_order_release); }
  hawser_port_word& word(int line) { return words_[at(line)]; }
  Lead& lead() { return lead_; }

  bool await(int line, uint64_t value, Nanos deadline, const std::function<bool()>& over = kNever) {
    const Awaited awaited{word(line), value, deadline, over};
    return lead_.await(awaited, [&] {
      do round();
      while (!awaited.done());
    });
  }
  void round() {
    EXPECT_FALSE(driven_.exchange(true));
    for (int line = 0; line < kLines; ++line) {
      const uint64_t value = asked_[at(line)].load(std::memory_order_acquire);
      if (load_word(word(line)) >= value) continue;
      if (line % 2 == 0) {
        store_word(word(line), value);
      } else {  // as a device that stores and does not ring
        std::atomic_ref<uint64_t>(word(line).value).store(value, std::memory_order_release);
      }
    }
    driven_ = false;
    lead_.ring_arrived();
  }

 private:
  static size_t at(int line) { return static_cast<size_t>(line); }
  Lead lead_;
  std::atomic<bool> driven_{false};
  std::array<std::atomic<uint64_t>, kLines> asked_{};
  std::array<hawser_port_word, kLines> words_{};
};

// The thread that drives while nobody waits.
class Idle {
 public:
  explicit Idle(Device& device)
      : device_(device), thread_([this] {
          while (!stopping_) {
            if (!device_.lead().take_when_idle()) continue;
            device_.round();
            device_.lead().leave_idle();
            std::this_thread::yield();
          }
        }) {}
  ~Idle() {
    stopping_ = true;
    device_.lead().end();
    thread_.join();
  }

 private:
  Device& device_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// A wake-up that is lost costs a follower its longest sleep, 100 ms: many are more than the time that there is.
void wait_often(Device& device, int rounds) {
  const Nanos deadline = now() + kPatience;
  std::array<std::thread, Device::kLines> threads;
  for (int line = 0; line < Device::kLines; ++line) {
    threads[static_cast<size_t>(line)] = std::thread([&device, line, rounds, deadline] {
      for (uint64_t value = 1; value <= static_cast<uint64_t>(rounds); ++value) {
        device.ask(line, value);
        ASSERT_TRUE(device.await(line, value, deadline)) << line << " " << value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Lead, WhoWaitsDrivesForAll) {
  Device device;
  wait_often(device, 20000);
}

TEST(Lead, WhoWaitsTakesTheLeadFromTheThread) {
  Device device;
  Idle idle(device);
  wait_often(device, 20000);
}

TEST(Lead, TheThreadDrivesWhenNobodyWaits) {
  Device device;
  Idle idle(device);
  for (uint64_t value = 1; value <= 20; ++value) {
    device.ask(0, value);
    ASSERT_TRUE(device.await(0, value, now() + kPatience));
    device.ask(1, value);
    const Nanos deadline = now() + kPatience;
    while (load_word(device.word(1)) < value) ASSERT_LT(now(), deadline);
  }
}

TEST(Lead, TheThreadSleepsOutALongTurn) {
  Device device;
  ASSERT_TRUE(device.lead().take());
  Idle idle(device);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(device.lead().take());
  device.ask(0, 1);
  device.lead().leave();
  const Nanos deadline = now() + kPatience;
  while (load_word(device.word(0)) < 1) ASSERT_LT(now(), deadline);
}

// The one who leads waits for what never comes: the others' waits end by their own deadlines, and by what ends them.
TEST(Lead, AFollowerHasItsOwnDeadlineAndEnd) {
  Device device;
  ASSERT_TRUE(device.lead().take());
  EXPECT_FALSE(device.await(0, 1, now() + 5 * kMillisecond));
  std::atomic<bool> over{false};
  std::thread ender([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    over = true;
    ring_word(device.word(1));
  });
  const Nanos begin = now();
  EXPECT_FALSE(device.await(1, 1, begin + kPatience, [&] { return over.load(); }));
  EXPECT_LT(now() - begin, kPatience);
  ender.join();
  device.lead().leave();
}

// A follower that leaves in time passes on the lead that it was offered.
TEST(Lead, TheLeadIsPassedOnPastThoseWhoLeave) {
  Device device;
  for (uint64_t value = 1; value <= 50; ++value) {
    ASSERT_TRUE(device.lead().take());
    std::thread leaves([&] { device.await(0, UINT64_MAX, now() + kMillisecond); });
    std::thread stays([&] { EXPECT_TRUE(device.await(1, value, now() + kPatience)); });
    std::this_thread::sleep_for(std::chrono::microseconds(900));
    device.ask(1, value);
    device.lead().leave();
    leaves.join();
    stays.join();
  }
}

}  // namespace
}  // namespace hawser::port
