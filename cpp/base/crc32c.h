// CRC32C (Castagnoli), the checksum of packets and chunks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser {

// Extends `crc` (0 to begin) by `bytes` at `data`.
uint32_t crc32c(uint32_t crc, const void* data, size_t bytes);

// Which implementation serves it, for `hawser doctor`.
const char* crc32c_backend();

}  // namespace hawser
