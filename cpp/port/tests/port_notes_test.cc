// What ports note of themselves for hawser stat.
#include <thread>

#include "base/text.h"
#include "port/tests/pair.h"

namespace hawser::port {
namespace {

using testing::soon;

struct PortNotes : public ::testing::Test, public testing::ChannelPair {
  void SetUp() override { open(testing::endpoint_config(HAWSER_PORT_MEMORY), 4096); }

  static const stats::Image& image() { return stats::File::present()->image(); }
  // The rows in use that `is` holds for.
  template <typename Row, size_t kRows, typename Is>
  static std::vector<const Row*> find(const Row (&rows)[kRows], Is&& is) {
    std::vector<const Row*> found;
    for (const Row& row : rows) {
      Row copy{};
      if (stats::read_row(row, &copy) && copy.used != 0 && is(copy)) found.push_back(&row);
    }
    return found;
  }
};

TEST_F(PortNotes, TellWhatWasPutAndWhoWaitsForASignal) {
  ASSERT_NE(stats::File::present(), nullptr);
  ASSERT_EQ(post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL, 512), HAWSER_OK);
  ASSERT_TRUE(to_a->wait(soon(), 0).ok());
  EXPECT_EQ(find(image().ports, [](const auto& port) { return port.puts == 1 && port.bytes == 512; }).size(), 1u);

  const auto signal = [](const auto& wait) { return bounded_text(wait.what) == "a signal"; };
  std::thread waits([&] { EXPECT_TRUE(to_a->wait(soon(), 0).ok()); });
  const Nanos deadline = soon();
  while (find(image().waits, signal).empty() && now() < deadline) std::this_thread::yield();
  EXPECT_EQ(find(image().waits, signal).size(), 1u);
  EXPECT_EQ(post(HAWSER_TRIGGER_SIGNAL, 0), HAWSER_OK);
  waits.join();
  EXPECT_TRUE(find(image().waits, signal).empty());
}

}  // namespace
}  // namespace hawser::port
