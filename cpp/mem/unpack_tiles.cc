#include "mem/unpack_tiles.h"

#include <algorithm>

#include "mem/unpack_check.h"

namespace hawser {

namespace {

// What a warp loads in one round.
constexpr uint64_t kLeast = 4096;
// Tiles after a fragment's first begin where a line of the GPU's caches does.
constexpr uint64_t kLine = 128;

}  // namespace

uint32_t cut_tiles(const hawser_unpack_batch& batch, uint64_t source, uint64_t destination, UnpackTile* out) {
  // A fragment has at most one tile more than whole ones, so no more than kMostTiles in all.
  const uint64_t share = (bytes_of(batch) + HAWSER_UNPACK_MAX - 1) / HAWSER_UNPACK_MAX;
  const uint64_t whole = std::max(kLeast, (share + kLine - 1) / kLine * kLine);
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch.count; ++i) {
    const hawser_unpack_descriptor& it = batch.descriptors[i];
    const uint64_t to = destination + it.dst_off;
    uint64_t end = whole + (-to % kLine);
    for (uint64_t begin = 0; begin < it.len; begin = end, end += whole) {
      end = std::min<uint64_t>(end, it.len);
      out[count++] = {source + it.src_off + begin, to + begin, end - begin};
    }
  }
  return count;
}

}  // namespace hawser
