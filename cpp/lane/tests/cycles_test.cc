// Engines, listeners, links and what is registered with them, opened and closed a thousand times by the C ABI.
#include "tests/cycles.h"

#include <cstring>
#include <vector>

#include "abi_side.h"
#include "nets.h"

namespace hawser::testing {
namespace {

class CyclesOf : public ::testing::TestWithParam<Net> {
 protected:
  // One lane: more of them are more of the same.
  static hawser_config config() {
    Net net = GetParam();
    net.lanes = net.net[0] == '\0' ? "=lo" : "1";
    return over(net, lo_config());
  }
};

// All but the plugin that unpacks, whose handles are the other plugin's.
INSTANTIATE_TEST_SUITE_P(Nets, CyclesOf, ::testing::ValuesIn(std::begin(kNets), std::end(kNets) - 1),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(CyclesOf, EnginesAndListeners) {
  const hawser_config given = config();
  expect_flat_over_cycles([&] {
    const Side side(given);
    ASSERT_NE(nullptr, side.engine);
    hawser_listener* listener = nullptr;
    hawser_error error{};
    ASSERT_EQ(HAWSER_OK, hawser_listen(side.engine, "127.0.0.1", 0, &listener, &error)) << error.text;
    hawser_listener_close(listener);
  });
}

// With a message that was received, one that is still awaited, one that nobody takes, and registered memory.
TEST_P(CyclesOf, Links) {
  Side a(config());
  Side b(config());
  const std::vector<unsigned char> sent = random_bytes(100'000, 1);
  constexpr uint64_t kEager = 30'000;  // longer messages are for a driver to cut
  std::vector<unsigned char> received(sent.size());
  uint64_t cycle = 0;
  expect_flat_over_cycles([&] {
    meet(a, b);
    ASSERT_TRUE(a.link != nullptr && b.link != nullptr);
    uint64_t memory = 0;
    hawser_error error{};
    ASSERT_EQ(HAWSER_OK,
              hawser_link_register(b.link, received.data(), received.size(), HAWSER_MEMORY_HOST, &memory, &error))
        << error.text;
    ++cycle;
    ASSERT_TRUE(b.post(HAWSER_OP_RECEIVE, 2 * cycle, 7, received.data(), received.size()));
    ASSERT_TRUE(b.post(HAWSER_OP_RECEIVE, 2 * cycle + 1, 8, received.data(), received.size()));
    ASSERT_TRUE(a.post(HAWSER_OP_SEND, 2 * cycle, 7, sent.data(), kEager));
    ASSERT_TRUE(a.post(HAWSER_OP_SEND, 2 * cycle + 1, 9, sent.data(), sent.size()));
    const Nanos deadline = now() + kPatience;
    while (!b.seen.contains({HAWSER_EVENT_RECEIVE_DONE, 2 * cycle}) && now() < deadline) {
      a.drive(0);
      b.drive(0);
    }
    ASSERT_TRUE(b.seen.contains({HAWSER_EVENT_RECEIVE_DONE, 2 * cycle}));
    hawser_link_close(std::exchange(a.link, nullptr));
    hawser_link_close(std::exchange(b.link, nullptr));
    a.drive(0);
    b.drive(0);
    EXPECT_TRUE(a.seen.contains({HAWSER_EVENT_SEND_DONE, 2 * cycle + 1}));
    EXPECT_TRUE(b.seen.contains({HAWSER_EVENT_RECEIVE_DONE, 2 * cycle + 1}));
    a.seen.clear();
    b.seen.clear();
  });
}

TEST(Cycles, LinksThatWereNeverAttached) {
  hawser_config config = lo_config();
  copy_text(config.lanes, "=lo");
  const Side side(config);
  hawser_listener* listener = nullptr;
  hawser_error error{};
  ASSERT_EQ(HAWSER_OK, hawser_listen(side.engine, "127.0.0.1", 0, &listener, &error)) << error.text;
  expect_flat_over_cycles([&] {
    hawser_link* connected = nullptr;
    hawser_link* accepted = nullptr;
    std::thread accepting([&] {
      hawser_error refused{};
      EXPECT_EQ(HAWSER_OK, hawser_accept(listener, kPatience, &accepted, &refused)) << refused.text;
    });
    EXPECT_EQ(HAWSER_OK,
              hawser_connect(side.engine, "127.0.0.1", hawser_listener_port(listener), kPatience, &connected, &error))
        << error.text;
    accepting.join();
    ASSERT_TRUE(connected != nullptr && accepted != nullptr);
    hawser_link_close(connected);
    hawser_link_close(accepted);
  });
  hawser_listener_close(listener);
}

}  // namespace
}  // namespace hawser::testing
