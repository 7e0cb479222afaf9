// An unpack as a tool for NVTX sees it.
#include <gmock/gmock.h>

#include "mem/unpack.h"
#include "tests/recorded_ranges.h"
#include "unpack_cases.h"

namespace hawser::testing {
namespace {

TEST(UnpackRanges, NameABatchWithItsBytes) {
  std::unique_ptr<Unpacker> unpacker;
  ASSERT_TRUE(Unpacker::open(HAWSER_UNPACK_HOST, -1, 1, &unpacker).ok());
  const Bytes source(100);
  Bytes destination(100);
  uint64_t ticket = 0;
  ASSERT_TRUE(
      unpacker->start(batch_of({{0, 30, 0}, {0, 12, 50}}, source.data(), 100, destination.data(), 100), now(), &ticket)
          .ok());
  EXPECT_THAT(recorded_ranges(), ::testing::ElementsAre("hawser: + unpack 42", "hawser: - unpack"));
}

}  // namespace
}  // namespace hawser::testing
