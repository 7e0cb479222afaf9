// The window of one lane: 16 requests, oldest first out, each when it is settled and its event has completed.
#include "lane/sliding_window.h"

#include <gtest/gtest.h>

#include <random>

#include "hawser.h"

namespace hawser {
namespace {

struct Kernel : WindowEvent {
  bool done = false;
  bool completed() override { return done; }
};

WindowEntry entry(uint64_t id) {
  WindowEntry made;
  made.id = id;
  made.bytes = id * 10;
  return made;
}

TEST(SlidingWindow, TakesSixteenAndNoMore) {
  SlidingWindow window;
  EXPECT_TRUE(window.is_empty());
  for (uint64_t i = 0; i < 16; ++i) {
    EXPECT_FALSE(window.is_full());
    EXPECT_TRUE(window.add(entry(i)));
    EXPECT_EQ(static_cast<int>(i) + 1, window.size());
  }
  EXPECT_TRUE(window.is_full());
  EXPECT_FALSE(window.add(entry(99)));
  EXPECT_EQ(15u, window.at(15).id);
}

TEST(SlidingWindow, MayBeNarrowerButNeverWiderOrClosed) {
  SlidingWindow three(3);
  for (uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(three.add(entry(i)));
  EXPECT_FALSE(three.add(entry(3)));
  SlidingWindow wide(100);
  for (uint64_t i = 0; i < 16; ++i) EXPECT_TRUE(wide.add(entry(i)));
  EXPECT_FALSE(wide.add(entry(16)));
  SlidingWindow closed(0);
  EXPECT_TRUE(closed.add(entry(0)));
}

TEST(SlidingWindow, ReleasesInOrderWhateverIsSettledFirst) {
  SlidingWindow window;
  for (uint64_t i = 0; i < 4; ++i) window.add(entry(i));
  WindowEntry out;
  window.at(2).settled = true;
  EXPECT_FALSE(window.release_oldest(&out));
  window.at(0).settled = true;
  EXPECT_TRUE(window.release_oldest(&out));
  EXPECT_EQ(0u, out.id);
  EXPECT_FALSE(window.release_oldest(&out));
  window.at(0).settled = true;
  EXPECT_TRUE(window.release_oldest(&out));
  EXPECT_TRUE(window.release_oldest(&out));
  EXPECT_EQ(2u, out.id);
  EXPECT_EQ(1, window.size());
}

TEST(SlidingWindow, KeepsAnEntryUntilItsEventHasCompleted) {
  SlidingWindow window;
  Kernel kernel;
  WindowEntry with_event = entry(1);
  with_event.event = &kernel;
  with_event.settled = true;
  window.add(with_event);
  WindowEntry out;
  EXPECT_FALSE(window.release_oldest(&out));
  kernel.done = true;
  EXPECT_TRUE(window.release_oldest(&out));
  EXPECT_EQ(&kernel, out.event);
}

TEST(SlidingWindow, WaitsForTheOldestWithinItsDeadline) {
  SlidingWindow window;
  window.add(entry(1));
  window.add(entry(2));
  int calls = 0;
  const auto settle_at_third = [&]() -> Status {
    if (++calls == 3) window.at(0).settled = true;
    return {};
  };
  EXPECT_TRUE(window.wait_and_release_oldest(settle_at_third, now() + kSecond).ok());
  EXPECT_EQ(3, calls);
  EXPECT_EQ(1, window.size());
  EXPECT_EQ(2u, window.at(0).id);
  const Status late = window.wait_and_release_oldest([]() -> Status { return {}; }, now() + 5 * kMillisecond);
  EXPECT_EQ(HAWSER_TIMEOUT, late.code());
  const Status broken = window.drain([]() -> Status { return {HAWSER_IO, "broken"}; }, now() + kSecond);
  EXPECT_EQ(HAWSER_IO, broken.code());
  EXPECT_EQ(1, window.size());
}

TEST(SlidingWindow, DrainsAllAndAnEmptyOneAtOnce) {
  SlidingWindow window;
  for (uint64_t i = 0; i < 16; ++i) window.add(entry(i));
  const auto settle_one = [&]() -> Status {
    window.at(0).settled = true;
    return {};
  };
  EXPECT_TRUE(window.drain(settle_one, now() + kSecond).ok());
  EXPECT_TRUE(window.is_empty());
  EXPECT_TRUE(window.drain([]() -> Status { return {HAWSER_IO, "not to be called"}; }, now()).ok());
}

TEST(SlidingWindow, ClearForgetsUnsettledEntries) {
  SlidingWindow window;
  for (uint64_t i = 0; i < 16; ++i) window.add(entry(i));
  window.clear();
  EXPECT_TRUE(window.is_empty());
  WindowEntry out;
  EXPECT_FALSE(window.release_oldest(&out));
  window.add(entry(7));
  EXPECT_EQ(7u, window.at(0).id);
  EXPECT_FALSE(window.at(0).settled);
}

TEST(SlidingWindow, KeepsOrderAndBoundUnderARandomLoad) {
  SlidingWindow window;
  std::mt19937 random(17);
  uint64_t added = 0;
  uint64_t released = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto what = random() % 3;
    if (what == 0) {
      const bool room = window.size() < 16;
      ASSERT_EQ(room, window.add(entry(added)));
      if (room) ++added;
    } else if (what == 1 && !window.is_empty()) {
      window.at(static_cast<int>(random() % static_cast<size_t>(window.size()))).settled = true;
    } else {
      WindowEntry out;
      const bool due = !window.is_empty() && window.at(0).settled;
      ASSERT_EQ(due, window.release_oldest(&out));
      if (due) {
        ASSERT_EQ(released++, out.id);
      }
    }
    ASSERT_LE(window.size(), 16);
    ASSERT_EQ(added - released, static_cast<uint64_t>(window.size()));
  }
  EXPECT_GT(released, 5'000u);
}

}  // namespace
}  // namespace hawser
