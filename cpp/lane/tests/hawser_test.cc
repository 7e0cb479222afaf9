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

#include "abi_side.h"

namespace hawser::testing {
namespace {

using ::testing::HasSubstr;

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
// Else a flush by another thread than the driver's might miss it, and the link be closed before it was sent.
TEST(Abi, aSendIsCountedAsUnacknowledgedBeforeItLeavesTheRing) {
  Side a;
  Side b;
  ASSERT_NO_FATAL_FAILURE(meet(a, b));
  uint64_t bytes = 0;
  const hawser_link_shared* link = hawser_link_memory(a.link, &bytes);
  std::vector<unsigned char> data(1 << 20);
  std::atomic<bool> ends = false;
  std::thread driving([&] {
    while (!ends.load()) a.drive(0);
  });
  const Nanos until = now() + 300 * kMillisecond;
  for (uint64_t op = 1; now() < until && !HasFailure(); op += 2) {
    a.post_and_wake(HAWSER_OP_SEND, op, 1, data.data(), data.size());
    while (!a.ops->idle()) continue;
    EXPECT_NE(0u, load_acquire(link->unacknowledged)) << "send " << op << " is nowhere";
    a.post_and_wake(HAWSER_OP_CANCEL, op, 1, nullptr, 0);
    while (load_acquire(link->unacknowledged) != 0 && now() < until) std::this_thread::yield();
  }
  ends = true;
  driving.join();
}

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
