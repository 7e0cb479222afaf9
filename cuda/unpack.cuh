// Copies of any alignment, each by the lanes of a warp: 16 bytes are loaded and stored at a time, whatever the distance
// between source and destination.
#pragma once

#include <stdint.h>

#include "on_device.cuh"

namespace hawser {

// What one warp copies; addresses of the GPU. The areas do not overlap.
struct UnpackTile {
  uint64_t source;
  uint64_t destination;
  uint64_t bytes;
};

// May alias: it views memory of whatever type.
struct __attribute__((may_alias, aligned(16))) UnpackVector {
  uint32_t word[4];
};

// Vectors of the source that lie as the destination's do.
struct AlignedVectors {
  const UnpackVector* source;
  HAWSER_ON_DEVICE UnpackVector operator()(uint64_t index) const { return source[index]; }
};

// Vectors that begin `kWord` words and `bits` bits behind where the source has them: each is put together from two that
// are aligned. All that is read shares 16 aligned bytes with the source, so it is memory that can be read.
template <int kWord>
struct ShiftedVectors {
  const UnpackVector* source;
  uint32_t bits;
  HAWSER_ON_DEVICE UnpackVector operator()(uint64_t index) const {
    const UnpackVector low = source[index];
    const UnpackVector high = source[index + 1];
    const uint32_t words[8] = {low.word[0],  low.word[1],  low.word[2],  low.word[3],
                               high.word[0], high.word[1], high.word[2], high.word[3]};
    UnpackVector out;
    HAWSER_UNROLL
    for (int i = 0; i < 4; ++i) {
      const uint64_t pair = uint64_t{words[i + kWord + 1]} << 32 | words[i + kWord];
      out.word[i] = static_cast<uint32_t>(pair >> bits);
    }
    return out;
  }
};

// All loads of a round are under way before the first store.
template <typename Vectors>
HAWSER_ON_DEVICE void copy_vectors(UnpackVector* destination, const Vectors& source, uint64_t count, uint32_t lane,
                                   uint32_t lanes) {
  constexpr int kRound = 8;
  for (uint64_t first = lane; first < count; first += uint64_t{kRound} * lanes) {
    UnpackVector held[kRound] = {};
    HAWSER_UNROLL
    for (int i = 0; i < kRound; ++i) {
      const uint64_t index = first + static_cast<uint64_t>(i) * lanes;
      if (index < count) held[i] = source(index);
    }
    HAWSER_UNROLL
    for (int i = 0; i < kRound; ++i) {
      const uint64_t index = first + static_cast<uint64_t>(i) * lanes;
      if (index < count) destination[index] = held[i];
    }
  }
}

// The share of one of `lanes` lanes, 16 or more of them.
HAWSER_ON_DEVICE void copy_tile(const UnpackTile& tile, uint32_t lane, uint32_t lanes) {
  auto* to = reinterpret_cast<unsigned char*>(tile.destination);
  const auto* from = reinterpret_cast<const unsigned char*>(tile.source);
  const uint64_t before = -tile.destination % 16;
  const uint64_t head = before < tile.bytes ? before : tile.bytes;
  if (lane < head) to[lane] = from[lane];

  auto* vectors = reinterpret_cast<UnpackVector*>(to + head);
  const uint64_t count = (tile.bytes - head) / 16;
  const auto phase = static_cast<uint32_t>((tile.source + head) % 16);
  const auto* source = reinterpret_cast<const UnpackVector*>(from + head - phase);
  const uint32_t bits = phase % 4 * 8;
  if (phase == 0) {
    copy_vectors(vectors, AlignedVectors{source}, count, lane, lanes);
  } else if (phase < 4) {
    copy_vectors(vectors, ShiftedVectors<0>{source, bits}, count, lane, lanes);
  } else if (phase < 8) {
    copy_vectors(vectors, ShiftedVectors<1>{source, bits}, count, lane, lanes);
  } else if (phase < 12) {
    copy_vectors(vectors, ShiftedVectors<2>{source, bits}, count, lane, lanes);
  } else {
    copy_vectors(vectors, ShiftedVectors<3>{source, bits}, count, lane, lanes);
  }

  const uint64_t rest = head + count * 16 + lane;
  if (rest < tile.bytes) to[rest] = from[rest];
}

}  // namespace hawser
