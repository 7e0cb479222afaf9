// One end of a link as a binding has it: by the C ABI and the rings of its shared memory alone.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "hawser.h"
#include "mem/rings.h"

namespace hawser::testing {

inline hawser_config lo_config() {
  hawser_config config{};
  config.struct_size = sizeof(config);
  config.rank = -1;
  config.silence_ns = 200 * kMillisecond;
  config.link_timeout_ns = 600 * kMillisecond;
  std::strcpy(config.lanes, "=lo,lo");
  return config;
}

// An engine with what a binding keeps beside it.
struct Side {
  explicit Side(const hawser_config& config = lo_config()) {
    hawser_error error{};
    EXPECT_EQ(HAWSER_OK, hawser_engine_open(&config, &engine, &error)) << error.text;
    shared = hawser_engine_memory(engine, &bytes);
    auto* base = reinterpret_cast<unsigned char*>(shared);
    ops = std::make_unique<OpRing>(reinterpret_cast<hawser_op*>(base + shared->ops_offset), shared->op_capacity,
                                   &shared->op_tail, &shared->op_head);
    events = std::make_unique<SpscRing<hawser_event>>(reinterpret_cast<hawser_event*>(base + shared->events_offset),
                                                      shared->event_capacity, &shared->event_tail.value,
                                                      &shared->event_head.value);
  }
  ~Side() { close(); }
  void close() {
    if (engine != nullptr) hawser_engine_close(std::exchange(engine, nullptr));
  }

  bool post(uint32_t kind, uint64_t op_id, uint64_t tag, const void* data, uint64_t length) {
    hawser_op op{};
    op.kind = kind;
    op.link = id;
    op.id = op_id;
    op.tag = tag;
    op.address = reinterpret_cast<uint64_t>(data);
    op.bytes = length;
    return ops->try_post(op);
  }

  // As hawser.h tells those who post from another thread.
  void post_and_wake(uint32_t kind, uint64_t op_id, uint64_t tag, const void* data, uint64_t length) {
    while (!post(kind, op_id, tag, data, length)) std::this_thread::yield();
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (std::atomic_ref<uint32_t>(shared->sleeping).load() == 1) hawser_engine_wake(engine);
  }

  int32_t drive(int64_t timeout) {
    hawser_error error{};
    const int32_t count = hawser_engine_progress(engine, timeout, 0, &error);
    while (const hawser_event* event = events->front()) {
      seen[{event->kind, event->id}] = *event;
      events->pop();
    }
    return count;
  }

  bool await(uint32_t kind, uint64_t op_id, int64_t patience = 10 * kSecond) {
    const Nanos deadline = now() + patience;
    while (!seen.contains({kind, op_id}) && now() < deadline) drive(10 * kMillisecond);
    return seen.contains({kind, op_id});
  }

  hawser_engine* engine = nullptr;
  hawser_engine_shared* shared = nullptr;
  uint64_t bytes = 0;
  std::unique_ptr<OpRing> ops;
  std::unique_ptr<SpscRing<hawser_event>> events;
  std::map<std::pair<uint32_t, uint64_t>, hawser_event> seen;
  hawser_link* link = nullptr;
  uint32_t id = 0;
};

// Both attached. No stranger came in between.
inline void meet(Side& a, Side& b) {
  hawser_error error{};
  hawser_listener* listener = nullptr;
  ASSERT_EQ(HAWSER_OK, hawser_listen(b.engine, "127.0.0.1", 0, &listener, &error)) << error.text;
  std::thread accepting([&] {
    hawser_error refused{};
    EXPECT_EQ(HAWSER_OK, hawser_accept(listener, 10 * kSecond, &b.link, &refused)) << refused.text;
  });
  EXPECT_EQ(HAWSER_OK,
            hawser_connect(a.engine, "127.0.0.1", hawser_listener_port(listener), 10 * kSecond, &a.link, &error))
      << error.text;
  accepting.join();
  EXPECT_EQ(0u, hawser_listener_strangers(listener));
  hawser_listener_close(listener);
  ASSERT_EQ(HAWSER_OK, hawser_link_attach(a.link, &a.id, &error)) << error.text;
  ASSERT_EQ(HAWSER_OK, hawser_link_attach(b.link, &b.id, nullptr));
}

}  // namespace hawser::testing
