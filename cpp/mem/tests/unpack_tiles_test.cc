#include "mem/unpack_tiles.h"

#include <gtest/gtest.h>

#include "unpack_cases.h"

namespace hawser {
namespace {

using testing::batch_of;
using testing::below;
using testing::Descriptor;

// The tiles of these descriptors: whole, in order, and few.
std::vector<UnpackTile> tiles_of(const std::vector<Descriptor>& descriptors) {
  constexpr uint64_t kSource = uint64_t{1} << 40;
  constexpr uint64_t kDestination = (uint64_t{1} << 41) + 5;
  std::vector<UnpackTile> tiles(kMostTiles);
  tiles.resize(cut_tiles(batch_of(descriptors, nullptr, 0, nullptr, 0), kSource, kDestination, tiles.data()));
  size_t next = 0;
  for (const Descriptor& it : descriptors) {
    for (uint64_t done = 0; done < it.len; ++next) {
      EXPECT_LT(next, tiles.size());
      const UnpackTile& tile = tiles[next];
      EXPECT_EQ(tile.source, kSource + it.src_off + done);
      EXPECT_EQ(tile.destination, kDestination + it.dst_off + done);
      EXPECT_TRUE(done == 0 || tile.destination % 128 == 0);
      EXPECT_GT(tile.bytes, 0u);
      done += tile.bytes;
      EXPECT_LE(done, it.len);
    }
  }
  EXPECT_EQ(next, tiles.size());
  return tiles;
}

TEST(UnpackTiles, LeaveShortFragmentsWhole) {
  EXPECT_EQ(tiles_of({}).size(), 0u);
  EXPECT_EQ(tiles_of({{0, 0, 0}, {3, 1, 7}, {9, 4096, 100}}).size(), 2u);
  std::vector<Descriptor> pages;
  for (uint32_t i = 0; i < HAWSER_UNPACK_MAX; ++i) pages.push_back({i * 4096, 4096, uint64_t{i} * 4096});
  EXPECT_EQ(tiles_of(pages).size(), size_t{HAWSER_UNPACK_MAX});
}

TEST(UnpackTiles, ShareALongFragmentOut) {
  EXPECT_GT(tiles_of({{0, 8 << 20, 0}}).size(), 2000u);
  EXPECT_GT(tiles_of({{UINT32_MAX, UINT32_MAX, 0}}).size(), 2000u);
}

// The worst for the number of tiles: each fragment a little longer than a tile.
TEST(UnpackTiles, FitWhateverComes) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<Descriptor> descriptors;
    const uint32_t about = 1u << below(random, 24);
    uint64_t at = 0;
    for (uint32_t i = 0; i < HAWSER_UNPACK_MAX; ++i) {
      const uint32_t length = below(random, 3) == 0 ? below(random, about) : about + below(random, 200);
      descriptors.push_back({0, length, at});
      at += length + below(random, 100);
    }
    tiles_of(descriptors);
  }
}

}  // namespace
}  // namespace hawser
