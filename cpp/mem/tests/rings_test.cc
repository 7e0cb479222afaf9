// The rings between those who post, the engine and its driver. Run under ThreadSanitizer as well.
#include "mem/rings.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hawser {
namespace {

struct Ops {
  explicit Ops(uint32_t capacity) : slots(capacity), ring(slots.data(), capacity, &tail, &head) { ring.initialise(); }
  std::vector<hawser_op> slots;
  hawser_cursor tail{};
  hawser_cursor head{};
  OpRing ring;
};

// An operation whose every field tells whose and which it is.
hawser_op numbered(uint64_t producer, uint64_t count) {
  hawser_op op{};
  op.kind = HAWSER_OP_SEND;
  op.link = static_cast<uint32_t>(producer);
  op.id = producer << 32 | count;
  op.tag = op.id * 3;
  op.address = op.id * 5;
  op.bytes = op.id * 7;
  op.memory = op.id * 11;
  return op;
}

bool intact(const hawser_op& op) {
  const hawser_op expected = numbered(op.link, op.id & 0xffffffff);
  return op.kind == expected.kind && op.id == expected.id && op.tag == expected.tag && op.address == expected.address &&
         op.bytes == expected.bytes && op.memory == expected.memory;
}

TEST(OpRing, ReportsEmptyAndFull) {
  Ops ops(4);
  hawser_op out{};
  EXPECT_TRUE(ops.ring.empty());
  EXPECT_FALSE(ops.ring.try_take(&out));
  for (uint64_t round = 0; round < 5; ++round) {
    for (uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(ops.ring.try_post(numbered(1, i)));
    EXPECT_FALSE(ops.ring.try_post(numbered(1, 4))) << "a full ring is back-pressure";
    EXPECT_FALSE(ops.ring.empty());
    for (uint64_t i = 0; i < 4; ++i) {
      ASSERT_TRUE(ops.ring.try_take(&out));
      EXPECT_TRUE(intact(out));
      EXPECT_EQ(i, out.id & 0xffffffff);
    }
    EXPECT_TRUE(ops.ring.empty());
  }
}

TEST(OpRing, TheSmallestOneHasTwoSlots) {
  Ops ops(2);
  hawser_op out{};
  for (uint64_t i = 0; i < 10; i += 2) {
    EXPECT_TRUE(ops.ring.try_post(numbered(0, i)));
    EXPECT_TRUE(ops.ring.try_post(numbered(0, i + 1)));
    EXPECT_FALSE(ops.ring.try_post(numbered(0, i + 2)));
    ASSERT_TRUE(ops.ring.try_take(&out));
    EXPECT_EQ(i, out.id);
    ASSERT_TRUE(ops.ring.try_take(&out));
    EXPECT_EQ(i + 1, out.id);
  }
}

void hammer(uint32_t capacity, uint64_t producers, uint64_t each) {
  Ops ops(capacity);
  std::atomic<uint64_t> refused{0};
  std::vector<std::thread> threads;
  for (uint64_t p = 0; p < producers; ++p) {
    threads.emplace_back([&, p] {
      for (uint64_t i = 0; i < each;) {
        if (ops.ring.try_post(numbered(p, i))) {
          ++i;
        } else {
          refused.fetch_add(1, std::memory_order_relaxed);
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<uint64_t> next(producers, 0);
  uint64_t broken = 0;
  for (uint64_t taken = 0; taken < producers * each;) {
    hawser_op op{};
    if (!ops.ring.try_take(&op)) {
      std::this_thread::yield();
      continue;
    }
    ++taken;
    if (op.link >= producers || !intact(op) || next[op.link]++ != (op.id & 0xffffffff)) ++broken;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0u, broken) << "every operation once, whole, and in its producer's order";
  EXPECT_EQ(std::vector<uint64_t>(producers, each), next);
  EXPECT_TRUE(ops.ring.empty());
}

TEST(OpRing, ManyProducersLoseNothing) { hammer(1024, 4, 20'000); }
TEST(OpRing, ManyProducersLoseNothingInANarrowRing) { hammer(2, 3, 2'000); }
TEST(OpRing, OneProducerLosesNothing) { hammer(8, 1, 10'000); }

TEST(SpscRing, KeepsOrderAndBound) {
  std::vector<hawser_chunk> slots(4);
  uint64_t tail = 0;
  uint64_t head = 0;
  SpscRing<hawser_chunk> ring(slots.data(), 4, &tail, &head);
  EXPECT_EQ(nullptr, ring.front());
  for (uint64_t round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_post({i, i * 2, i * 3, 0}));
    EXPECT_FALSE(ring.try_post({9, 9, 9, 0}));
    EXPECT_EQ(4u, ring.size());
    for (uint64_t i = 0; i < 4; ++i) {
      ASSERT_NE(nullptr, ring.front());
      EXPECT_EQ(i, ring.front()->id);
      EXPECT_EQ(i * 3, ring.front()->bytes);
      ring.pop();
    }
    EXPECT_EQ(0u, ring.size());
  }
}

TEST(SpscRing, TwoThreadsLoseNothing) {
  constexpr uint64_t kCount = 50'000;
  std::vector<hawser_event> slots(64);
  hawser_cursor tail{};
  hawser_cursor head{};
  std::thread producer([&] {
    SpscRing<hawser_event> ring(slots.data(), 64, &tail.value, &head.value);
    for (uint64_t i = 0; i < kCount;) {
      hawser_event event{};
      event.id = i;
      event.bytes = ~i;
      if (ring.try_post(event)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  SpscRing<hawser_event> ring(slots.data(), 64, &tail.value, &head.value);
  uint64_t broken = 0;
  for (uint64_t next = 0; next < kCount;) {
    const hawser_event* event = ring.front();
    if (event == nullptr) {
      std::this_thread::yield();
      continue;
    }
    if (event->id != next || event->bytes != ~next) ++broken;
    ++next;
    ring.pop();
  }
  producer.join();
  EXPECT_EQ(0u, broken);
}

}  // namespace
}  // namespace hawser
