// A link at work while strangers flood its listener.
#include "flood.h"

#include "nets.h"
#include "tests/sanitized.h"

namespace hawser::testing {
namespace {

// The listener has room for 64 strangers: a guest must be in before as many have come after it.
constexpr int kPerSecond = kSanitized ? 50 : 200;
constexpr Nanos kDuration = 2 * kSecond;
constexpr uint64_t kBytes = 1 << 20;

class FloodedLink : public ::testing::TestWithParam<Net> {};

// In the clear and encrypted; plugins' own listeners are no part of Hawser's.
INSTANTIATE_TEST_SUITE_P(Nets, FloodedLink, ::testing::ValuesIn(std::begin(kNets), std::end(kNets) - 2),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(FloodedLink, LosesNothingAndWhoBelongsHereIsLetIn) {
  const hawser_config config = over(GetParam());
  Pair pair(config);
  Listener listener(pair.b.engine);
  ASSERT_TRUE(listener.open("127.0.0.1", 0).ok());
  std::unique_ptr<Link> late;
  std::jthread accepting([&] {
    const Status status = listener.accept(kPatience, &late);
    EXPECT_TRUE(status.ok()) << status.text();
  });
  Flood flood(listener.port(), kPerSecond);

  const std::vector<unsigned char> sent = random_bytes(kBytes, 1);
  std::vector<unsigned char> received(kBytes);
  int messages = 0;
  for (const Nanos end = now() + kDuration; now() < end && !HasFailure(); ++messages) {
    std::fill(received.begin(), received.end(), 0);
    const uint64_t sending = pair.a.driver->send(pair.a.id, 7, sent.data(), kBytes);
    const uint64_t receiving = pair.b.driver->receive(pair.b.id, 7, received.data(), kBytes);
    EXPECT_TRUE(pair.drive_until(
        [&] { return pair.a.completion(sending) != nullptr && pair.b.completion(receiving) != nullptr; }));
    EXPECT_EQ(sent, received);
    pair.a.events.clear();
    pair.b.events.clear();
  }
  Party guest(config);
  const Status status = connect_link(guest.engine, "127.0.0.1", listener.port(), kPatience, &guest.link);
  EXPECT_TRUE(status.ok()) << status.text();
  accepting.join();
  EXPECT_GT(flood.end(), kPerSecond / 10);
  if (late != nullptr) late->close();
  if (guest.link != nullptr) std::exchange(guest.link, nullptr)->close();
  EXPECT_GT(messages, 0);
  EXPECT_GT(listener.strangers(), 0u);
}

}  // namespace
}  // namespace hawser::testing
