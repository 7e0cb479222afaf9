// A transfer as a tool for NVTX sees it.
#include <gmock/gmock.h>

#include "lane/tests/party.h"
#include "tests/recorded_ranges.h"

namespace hawser::testing {
namespace {

using ::testing::IsSupersetOf;

TEST(LaneRanges, NameTransfersAndChunks) {
  constexpr size_t kBytes = 3 << 20;
  const auto data = random_bytes(kBytes, 1);
  std::vector<unsigned char> copy(kBytes);
  Pair pair;
  const uint64_t receive = pair.b.driver->receive(pair.b.id, 7, copy.data(), copy.size());
  const uint64_t send = pair.a.driver->send(pair.a.id, 7, data.data(), data.size());
  ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
  const std::vector<std::string> lines = recorded_ranges();
  const std::string bytes = " " + std::to_string(kBytes);
  const std::vector<std::string> transfer = {"hawser: + send" + bytes, "hawser: - send", "hawser: + receive" + bytes,
                                             "hawser: - receive"};
  EXPECT_THAT(lines, IsSupersetOf(transfer));
  uint64_t begun = 0;
  uint64_t ended = 0;
  uint64_t carried = 0;
  const std::string begin = "hawser: + chunk ";
  for (const std::string& line : lines) {
    if (line.starts_with(begin)) {
      ++begun;
      carried += std::stoull(line.substr(begin.size()));
    }
    if (line == "hawser: - chunk") ++ended;
  }
  EXPECT_GT(begun, 1u);
  EXPECT_EQ(begun, ended);
  EXPECT_GE(carried, kBytes) << "all of it in chunks, and some perhaps twice";
}

}  // namespace
}  // namespace hawser::testing
