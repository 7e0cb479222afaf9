// What an executor is tried with, and the plain loop that says what is right.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "mem/unpack.h"

namespace hawser::testing {

using Descriptor = hawser_unpack_descriptor;
using Bytes = std::vector<unsigned char>;

inline uint32_t below(std::mt19937& random, uint32_t limit) { return static_cast<uint32_t>(random() % limit); }

inline Bytes random_bytes(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes made(bytes);
  for (unsigned char& byte : made) byte = static_cast<unsigned char>(random());
  return made;
}

inline void oracle(const std::vector<Descriptor>& descriptors, const unsigned char* source,
                   unsigned char* destination) {
  for (const Descriptor& it : descriptors) std::memcpy(destination + it.dst_off, source + it.src_off, it.len);
}

// Descriptors of these lengths, at random places of a source of `source_bytes`; one behind the other in the
// destination with gaps of up to 20 bytes, so that a byte too many is seen; then in random order.
inline std::vector<Descriptor> scattered(const std::vector<uint32_t>& lengths, uint32_t source_bytes, uint32_t seed,
                                         uint64_t* destination_bytes) {
  std::mt19937 random(seed);
  std::vector<Descriptor> made;
  uint64_t at = below(random, 20);
  for (const uint32_t length : lengths) {
    made.push_back({below(random, source_bytes - length + 1), length, at});
    at += length + below(random, 20);
  }
  *destination_bytes = at;
  std::shuffle(made.begin(), made.end(), random);
  return made;
}

// All lengths from 0 to 4097, as few batches as it takes.
inline std::vector<std::vector<uint32_t>> all_lengths() {
  std::vector<std::vector<uint32_t>> batches;
  for (uint32_t length = 0; length <= 4097; ++length) {
    if (batches.empty() || batches.back().size() == HAWSER_UNPACK_MAX) batches.emplace_back();
    batches.back().push_back(length);
  }
  return batches;
}

// One descriptor for each pair of alignments within 16 bytes.
inline std::vector<Descriptor> all_alignments(uint32_t length) {
  const uint32_t room = (length + 47) / 16 * 16;
  std::vector<Descriptor> made;
  for (uint32_t from = 0; from < 16; ++from) {
    for (uint32_t to = 0; to < 16; ++to) made.push_back({from, length, uint64_t{(from * 16 + to) * room + to}});
  }
  return made;
}

inline hawser_unpack_batch batch_of(const std::vector<Descriptor>& descriptors, const void* source,
                                    uint64_t source_bytes, void* destination, uint64_t destination_bytes) {
  return {descriptors.data(),
          source,
          destination,
          source_bytes,
          destination_bytes,
          static_cast<uint32_t>(descriptors.size()),
          0};
}

}  // namespace hawser::testing
