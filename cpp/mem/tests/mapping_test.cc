#include "mem/mapping.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <limits>

namespace hawser {
namespace {

TEST(Mapping, IsZeroedAlignedAndWritable) {
  Mapping mapping;
  EXPECT_EQ(nullptr, mapping.data());
  ASSERT_TRUE(mapping.allocate(100'000).ok());
  EXPECT_EQ(100'000u, mapping.size());
  EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(mapping.data()) % static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)));
  for (size_t i = 0; i < mapping.size(); ++i) ASSERT_EQ(0, mapping.data()[i]);
  mapping.data()[99'999] = 1;
  ASSERT_TRUE(mapping.allocate(4096).ok());
  EXPECT_EQ(4096u, mapping.size());
  EXPECT_EQ(0, mapping.data()[4095]);
  mapping.reset();
  mapping.reset();
  EXPECT_EQ(nullptr, mapping.data());
  EXPECT_EQ(0u, mapping.size());
}

TEST(Mapping, ReportsWhatCannotBeMapped) {
  Mapping mapping;
  const Status status = mapping.allocate(std::numeric_limits<size_t>::max() / 2);
  EXPECT_EQ(HAWSER_OUT_OF_MEMORY, status.code());
  EXPECT_NE(0, status.sys_errno());
  EXPECT_EQ(nullptr, mapping.data());
}

}  // namespace
}  // namespace hawser
