// Two parties through the C ABI alone, as a binding uses it: its facts, its errors, its deadlines.
#include "hawser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "mem/rings.h"

namespace hawser::testing {
namespace {

using ::testing::HasSubstr;

hawser_config lo_config() {
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

void meet(Side& a, Side& b) {
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

TEST(Abi, TellsItsVersionAndTheLayoutOfEveryStruct) {
  EXPECT_EQ(HAWSER_ABI_VERSION, hawser_abi_version());
  EXPECT_STREQ("0.1.0", hawser_version());
  std::map<std::string, hawser_layout> facts;
  hawser_layout fact{};
  uint32_t index = 0;
  for (; hawser_layout_at(index, &fact) == HAWSER_OK; ++index) {
    EXPECT_TRUE(facts.emplace(fact.name, fact).second) << fact.name << " is told twice";
  }
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, hawser_layout_at(index + 1000, &fact));
  for (const char* name : {"hawser_error", "hawser_layout", "hawser_device", "hawser_op", "hawser_event",
                           "hawser_chunk", "hawser_cursor", "hawser_engine_shared", "hawser_lane_state",
                           "hawser_link_shared", "hawser_config", "hawser_lane_info", "hawser_link_info"}) {
    EXPECT_TRUE(facts.contains(name)) << name;
    EXPECT_TRUE(std::any_of(facts.begin(), facts.end(),
                            [&](const auto& known) { return known.first.starts_with(std::string(name) + "."); }))
        << name << " has no fields";
  }
  for (const auto& [name, known] : facts) {
    const size_t dot = name.find('.');
    if (dot == std::string::npos) continue;
    EXPECT_LE(known.offset + known.size, facts.at(name.substr(0, dot)).size) << name;
  }
  EXPECT_EQ(sizeof(hawser_link_shared), facts.at("hawser_link_shared").size);
  EXPECT_EQ(offsetof(hawser_op, tag), facts.at("hawser_op.tag").offset);
}

TEST(Abi, RefusesConfigurationsThatCannotBe) {
  const auto refused = [](auto&& change) {
    hawser_config config = lo_config();
    change(config);
    hawser_engine* engine = nullptr;
    hawser_error error{};
    const int32_t code = hawser_engine_open(&config, &engine, &error);
    EXPECT_EQ(nullptr, engine);
    EXPECT_EQ(code, error.code);
    EXPECT_STRNE("", error.text);
    EXPECT_EQ(code, hawser_engine_open(&config, &engine, nullptr)) << "an error may be null";
    return code;
  };
  EXPECT_EQ(HAWSER_VERSION_MISMATCH, refused([](hawser_config& c) { c.struct_size = 12; }));
  EXPECT_EQ(HAWSER_VERSION_MISMATCH, refused([](hawser_config& c) { c.struct_size = 0; }));
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, refused([](hawser_config& c) { c.op_capacity = 1000; }));
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, refused([](hawser_config& c) { c.op_capacity = 1; }));
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, refused([](hawser_config& c) { c.event_capacity = 1u << 31; }));
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, refused([](hawser_config& c) { c.chunk_bytes = 100; }));
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, refused([](hawser_config& c) { c.eager_bytes = 5u << 20; }));
  EXPECT_NE(HAWSER_OK, refused([](hawser_config& c) { std::strcpy(c.lanes, "=nosuchdevice0"); }));
}

TEST(Abi, AcceptAndConnectKeepTheirDeadlines) {
  Side side;
  hawser_error error{};
  hawser_listener* listener = nullptr;
  ASSERT_EQ(HAWSER_OK, hawser_listen(side.engine, "127.0.0.1", 0, &listener, &error)) << error.text;
  hawser_link* link = nullptr;
  Nanos began = now();
  EXPECT_EQ(HAWSER_TIMEOUT, hawser_accept(listener, 60 * kMillisecond, &link, &error));
  EXPECT_GE(now() - began, 60 * kMillisecond);
  EXPECT_LT(now() - began, 2 * kSecond);
  const uint16_t port = hawser_listener_port(listener);
  EXPECT_THAT(error.text, HasSubstr(std::to_string(port)));
  // Nobody accepts: the kernel takes the connection, and nothing is said on it.
  began = now();
  EXPECT_EQ(HAWSER_TIMEOUT, hawser_connect(side.engine, "127.0.0.1", port, 100 * kMillisecond, &link, &error));
  EXPECT_LT(now() - began, 2 * kSecond);
  hawser_listener_close(listener);
  EXPECT_EQ(HAWSER_REFUSED, hawser_connect(side.engine, "127.0.0.1", port, 50 * kMillisecond, &link, &error));
  EXPECT_EQ(nullptr, link);
}

TEST(Abi, CarriesMessagesAndDescribesTheLink) {
  Side a;
  Side b;
  ASSERT_NO_FATAL_FAILURE(meet(a, b));
  EXPECT_EQ(2, hawser_engine_lanes(a.engine));
  char copy[6] = {};
  EXPECT_TRUE(b.post(HAWSER_OP_RECEIVE, 1, 9, copy, 5));
  EXPECT_TRUE(a.post(HAWSER_OP_SEND, 2, 9, "hello", 5));
  ASSERT_TRUE(a.await(HAWSER_EVENT_SEND_DONE, 2));
  ASSERT_TRUE(b.await(HAWSER_EVENT_RECEIVE_DONE, 1));
  EXPECT_STREQ("hello", copy);
  hawser_link_info info{};
  EXPECT_EQ(HAWSER_OK, hawser_link_describe(a.link, &info));
  EXPECT_EQ(2u, info.lanes);
  EXPECT_EQ(1u, info.initiator);
  hawser_lane_info lane{};
  EXPECT_EQ(HAWSER_OK, hawser_link_lane(a.link, 1, &lane));
  EXPECT_STREQ("lo", lane.device);
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, hawser_link_lane(a.link, 2, &lane));
  hawser_error none{};
  EXPECT_EQ(HAWSER_OK, hawser_link_error(a.link, &none));
  uint64_t memory = 0;
  EXPECT_EQ(HAWSER_UNSUPPORTED, hawser_link_register(a.link, copy, 6, HAWSER_MEMORY_DEVICE, &memory, nullptr));
  EXPECT_EQ(HAWSER_OK, hawser_link_register(a.link, copy, 6, HAWSER_MEMORY_HOST, &memory, nullptr));
  EXPECT_EQ(HAWSER_OK, hawser_link_deregister(a.link, memory, nullptr));
  uint32_t again = 0;
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, hawser_link_attach(a.link, &again, nullptr)) << "it is attached already";
}

TEST(Abi, AnEngineThatClosesTellsThePeer) {
  Side a;
  Side b;
  ASSERT_NO_FATAL_FAILURE(meet(a, b));
  char copy[6] = {};
  b.post(HAWSER_OP_RECEIVE, 1, 9, copy, 5);
  b.drive(0);
  a.close();  // with its link attached
  ASSERT_TRUE(b.await(HAWSER_EVENT_RECEIVE_DONE, 1, 5 * kSecond));
  EXPECT_EQ(HAWSER_CLOSED, (b.seen[{HAWSER_EVENT_RECEIVE_DONE, 1}].code));
}

TEST(Abi, AnOperationForNoLinkEndsAtOnce) {
  Side side;
  side.id = 77;
  side.post(HAWSER_OP_SEND, 5, 0, "x", 1);
  ASSERT_TRUE(side.await(HAWSER_EVENT_SEND_DONE, 5, kSecond));
  EXPECT_EQ(HAWSER_CLOSED, (side.seen[{HAWSER_EVENT_SEND_DONE, 5}].code));
}

TEST(Abi, AWakeEndsTheSleep) {
  Side side;
  EXPECT_EQ(0, hawser_engine_progress(side.engine, 30 * kMillisecond, 0, nullptr));
  std::thread waker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    hawser_engine_wake(side.engine);
  });
  const Nanos began = now();
  EXPECT_EQ(0, hawser_engine_progress(side.engine, 10 * kSecond, 0, nullptr));
  EXPECT_LT(now() - began, 5 * kSecond);
  waker.join();
  hawser_engine_wake(side.engine);  // before the sleep: it is not lost
  EXPECT_EQ(0, hawser_engine_progress(side.engine, 10 * kSecond, 0, nullptr));
  EXPECT_LT(now() - began, 8 * kSecond);
}

// One thread posts and wakes while another drives, as the Java half does. Run under ThreadSanitizer as well.
TEST(Abi, ringsOfAnEngineServeTwoThreads) {
  constexpr uint64_t kMessages = 3000;
  Side a;
  Side b;
  ASSERT_NO_FATAL_FAILURE(meet(a, b));
  std::vector<uint64_t> sent(kMessages);
  std::vector<uint64_t> got(kMessages);
  std::thread posting([&] {
    for (uint64_t i = 0; i < kMessages; ++i) {
      sent[i] = i * i;
      b.post_and_wake(HAWSER_OP_RECEIVE, i, 1, &got[i], 8);
      a.post_and_wake(HAWSER_OP_SEND, i, 1, &sent[i], 8);
      if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::atomic<bool> stop{false};
  std::thread receiving([&] {
    while (!stop) b.drive(5 * kMillisecond);
  });
  EXPECT_TRUE(a.await(HAWSER_EVENT_SEND_DONE, kMessages - 1));
  posting.join();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  stop = true;
  receiving.join();
  EXPECT_TRUE(b.await(HAWSER_EVENT_RECEIVE_DONE, kMessages - 1));
  EXPECT_EQ(sent, got);
  EXPECT_EQ(kMessages, static_cast<uint64_t>(std::count_if(b.seen.begin(), b.seen.end(), [](const auto& event) {
              return event.first.first == HAWSER_EVENT_RECEIVE_DONE && event.second.code == HAWSER_OK;
            })));
}

}  // namespace
}  // namespace hawser::testing
