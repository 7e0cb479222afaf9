// CRC32C (Castagnoli), the checksum of packets and chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hawser {

// Extends `crc` (0 to begin) by `bytes` at `data`.
uint32_t crc32c(uint32_t crc, const void* data, size_t bytes);

struct Crc32cBackend {
  const char* name;
  // Extends the inverse of a CRC.
  uint32_t (*extend)(uint32_t state, const unsigned char* data, size_t bytes);
};

// What this processor can run, the fastest first: that one serves crc32c().
const std::vector<Crc32cBackend>& crc32c_backends();

}  // namespace hawser
