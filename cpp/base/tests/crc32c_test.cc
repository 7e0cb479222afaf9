#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace hawser {

static void PrintTo(const Crc32cBackend& backend, std::ostream* out) { *out << backend.name; }

namespace {

// The definition, bit by bit.
uint32_t by_definition(const std::vector<unsigned char>& data) {
  uint32_t state = ~0u;
  for (const unsigned char byte : data) {
    state ^= byte;
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~state;
}

std::vector<unsigned char> random_data(size_t count) {
  std::vector<unsigned char> data(count);
  std::mt19937 random(static_cast<uint32_t>(count));
  for (unsigned char& byte : data) byte = static_cast<unsigned char>(random());
  return data;
}

class Crc32cTest : public testing::TestWithParam<Crc32cBackend> {
 protected:
  static uint32_t extend(uint32_t crc, const void* data, size_t bytes) {
    return ~GetParam().extend(~crc, static_cast<const unsigned char*>(data), bytes);
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, Crc32cTest, testing::ValuesIn(crc32c_backends()), [](const auto& backend) {
  std::string name = backend.param.name;
  std::erase(name, '.');
  return name;
});

TEST_P(Crc32cTest, HasTheStandardCheckValue) {
  const std::string digits = "123456789";
  EXPECT_EQ(extend(0, digits.data(), digits.size()), 0xE3069283u);
  EXPECT_EQ(extend(0, nullptr, 0), 0u);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(extend(0, std::string(32, '\0').data(), 32), 0x8A9136AAu);
  EXPECT_EQ(extend(0, std::string(32, '\xFF').data(), 32), 0x62A8AB43u);
}

TEST_P(Crc32cTest, IsAsDefinedForEveryShortLengthAndAlignment) {
  const auto data = random_data(1500);
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t length = 0; begin + length <= data.size(); length += 1 + length / 16) {
      const std::vector<unsigned char> part(data.begin() + static_cast<ptrdiff_t>(begin),
                                            data.begin() + static_cast<ptrdiff_t>(begin + length));
      ASSERT_EQ(extend(0, data.data() + begin, length), by_definition(part)) << begin << " " << length;
    }
  }
}

TEST_P(Crc32cTest, DoesNotDependOnHowTheDataIsCut) {
  const auto data = random_data(1'000'003);
  const uint32_t whole = extend(0, data.data(), data.size());
  EXPECT_EQ(whole, by_definition(data));
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    uint32_t crc = 0;
    for (size_t at = 0; at < data.size();) {
      const size_t part = std::min<size_t>(1 + random() % 100'000, data.size() - at);
      crc = extend(crc, data.data() + at, part);
      at += part;
    }
    ASSERT_EQ(crc, whole);
  }
}

TEST(Crc32cBackendsTest, OneServesAndTablesAreTheLast) {
  const auto data = random_data(5000);
  EXPECT_EQ(crc32c(0, data.data(), data.size()), by_definition(data));
  EXPECT_STREQ(crc32c_backends().back().name, "tables");
}

}  // namespace
}  // namespace hawser
