// Cuts a batch into the tiles that a kernel's warps copy: so few that they fit in memory that is allocated once, so
// many that one long fragment keeps a whole GPU busy.
#pragma once

#include <cstdint>

#include "../cuda/unpack.cuh"
#include "hawser_mem.h"

namespace hawser {

constexpr uint32_t kMostTiles = 2 * HAWSER_UNPACK_MAX;

// `source` and `destination` are where the GPU sees the batch's areas. Returns how many tiles, at most kMostTiles.
uint32_t cut_tiles(const hawser_unpack_batch& batch, uint64_t source, uint64_t destination, UnpackTile* out);

}  // namespace hawser
