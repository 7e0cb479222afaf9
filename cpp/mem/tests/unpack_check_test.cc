#include "mem/unpack_check.h"

#include <gmock/gmock.h>

#include "unpack_cases.h"

namespace hawser {
namespace {

using testing::batch_of;
using testing::below;
using testing::Bytes;
using testing::Descriptor;
using ::testing::HasSubstr;

struct UnpackChecks : public ::testing::Test {
  Status check(const std::vector<Descriptor>& descriptors) {
    return checks.check(batch_of(descriptors, source.data(), source.size(), destination.data(), destination.size()));
  }
  void refuses(const std::vector<Descriptor>& descriptors, const char* why) {
    const Status status = check(descriptors);
    EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
    EXPECT_THAT(status.text(), HasSubstr(why));
  }
  UnpackCheck checks;
  Bytes source = Bytes(4096);
  Bytes destination = Bytes(8192);
};

TEST_F(UnpackChecks, TakeWhatIsRight) {
  EXPECT_TRUE(check({}).ok());
  EXPECT_TRUE(check({{0, 4096, 0}, {0, 4096, 4096}}).ok()) << "of one source, twice";
  EXPECT_TRUE(check({{0, 100, 900}, {0, 100, 700}, {0, 100, 800}, {0, 0, 750}}).ok());
  EXPECT_TRUE(check({{4096, 0, 8192}}).ok()) << "nothing, at the end";
}

TEST_F(UnpackChecks, CountTheDescriptors) {
  const std::vector<Descriptor> most(HAWSER_UNPACK_MAX, Descriptor{0, 0, 0});
  EXPECT_TRUE(check(most).ok());
  std::vector<Descriptor> more = most;
  more.push_back({0, 0, 0});
  refuses(more, "it has 2049 descriptors, and 2048 are the most");
}

TEST_F(UnpackChecks, KnowWhereTheAreasEnd) {
  refuses({{0, 1, 0}, {4095, 2, 1}}, "descriptor 1 of 2, 2 bytes from 4095 to 1, reaches beyond its source of 4096");
  refuses({{UINT32_MAX, UINT32_MAX, 0}}, "beyond its source");
  refuses({{0, 2, 8191}}, "beyond its destination of 8192 bytes");
  refuses({{0, 2, UINT64_MAX}}, "beyond its destination");
  refuses({{0, 0, 8193}}, "beyond its destination");
}

TEST_F(UnpackChecks, SeeWhatOverlaps) {
  refuses({{0, 100, 0}, {0, 100, 99}}, "100 bytes from 0 to 0, and 100 bytes from 0 to 99");
  refuses({{7, 10, 500}, {0, 1, 2000}, {0, 100, 450}}, "100 bytes from 0 to 450, and 10 bytes from 7 to 500");
  refuses({{0, 10, 500}, {0, 10, 500}}, "same bytes");
}

// Any order, with destinations of all magnitudes; then one byte of one descriptor too many.
TEST_F(UnpackChecks, SortWhateverComes) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const uint32_t count = 2 + below(random, HAWSER_UNPACK_MAX - 1);
    std::vector<Descriptor> all;
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t length = 1 + below(random, 100);
      all.push_back({0, length, at});
      at += length + (below(random, 4) == 0 ? uint64_t{1} << below(random, 40) : 0);
    }
    const uint32_t longer = below(random, count - 1);
    const bool touching = all[longer].dst_off + all[longer].len == all[longer + 1].dst_off;
    std::vector<Descriptor> bad = all;
    ++bad[longer].len;
    hawser_unpack_batch batch = batch_of(all, nullptr, 4096, nullptr, at);
    batch.destination = reinterpret_cast<void*>(uintptr_t{4096});
    std::shuffle(all.begin(), all.end(), random);
    EXPECT_TRUE(checks.check(batch).ok()) << "round " << round;
    std::shuffle(bad.begin(), bad.end(), random);
    batch.descriptors = bad.data();
    EXPECT_EQ(checks.check(batch).ok(), !touching) << "round " << round;
  }
}

TEST_F(UnpackChecks, KeepSourceAndDestinationApart) {
  const std::vector<Descriptor> none;
  EXPECT_THAT(checks.check(batch_of(none, source.data(), 100, source.data() + 99, 100)).text(),
              HasSubstr("source and its destination overlap"));
  EXPECT_TRUE(checks.check(batch_of(none, source.data(), 100, source.data() + 100, 100)).ok());
  EXPECT_THAT(checks.check(batch_of(none, source.data(), UINT64_MAX, destination.data(), 100)).text(),
              HasSubstr("larger than memory"));
}

}  // namespace
}  // namespace hawser
