#include "base/ranges.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/recorded_ranges.h"

namespace hawser::ranges {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::recorded_ranges;

TEST(Ranges, AreSeenByATool) {
  {
    const Range outer("unpack", 4096);
    const Range inner("proxy put");
  }
  EXPECT_THAT(recorded_ranges(),
              ElementsAre("hawser: + unpack 4096", "hawser: + proxy put 0", "hawser: - proxy put", "hawser: - unpack"));
  EXPECT_EQ(tool.load(), 1);
}

TEST(Ranges, SpanThreads) {
  const Span first = Span::begin("send", 10);
  const Span second = Span::begin("receive", 20);
  std::thread([first] { first.finish(); }).join();
  second.finish();
  EXPECT_THAT(recorded_ranges(),
              ElementsAre("hawser: + send 10", "hawser: + receive 20", "hawser: - send", "hawser: - receive"));
}

TEST(Ranges, OfNothingAreNothing) {
  const Span none;
  none.finish();
  EXPECT_THAT(recorded_ranges(), IsEmpty());
}

}  // namespace
}  // namespace hawser::ranges
