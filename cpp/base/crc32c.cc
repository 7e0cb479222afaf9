#include "base/crc32c.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(HAWSER_HAVE_ISAL)
#include <isa-l/crc.h>
#elif defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace hawser {
namespace {

#if defined(HAWSER_HAVE_ISAL)

// ISA-L takes an int length and inverts neither the initial nor the final value.
uint32_t extend(uint32_t state, const unsigned char* data, size_t bytes) {
  constexpr size_t kMost = size_t{1} << 30;
  while (bytes > 0) {
    const size_t part = std::min(bytes, kMost);
    state = crc32_iscsi(const_cast<unsigned char*>(data), static_cast<int>(part), state);
    data += part;
    bytes -= part;
  }
  return state;
}

constexpr const char* kBackend = "isa-l";

#else

static_assert(std::endian::native == std::endian::little, "the tables below read eight bytes in little-endian order");

using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  constexpr uint32_t kPolynomial = 0x82F63B78;  // Castagnoli, reflected
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = value;
  }
  for (size_t table = 1; table < 8; ++table) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[table - 1][byte];
      tables[table][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

uint32_t extend_by_tables(uint32_t state, const unsigned char* data, size_t bytes) {
  for (; bytes >= 8; data += 8, bytes -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, data, 8);
    word ^= state;
    state = 0;
    for (size_t i = 0; i < 8; ++i) state ^= kTables[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (; bytes > 0; ++data, --bytes) state = (state >> 8) ^ kTables[0][(state ^ *data) & 0xFF];
  return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t extend_by_sse42(uint32_t state, const unsigned char* data, size_t bytes) {
  uint64_t wide = state;
  for (; bytes >= 8; data += 8, bytes -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  state = static_cast<uint32_t>(wide);
  for (; bytes > 0; ++data, --bytes) state = _mm_crc32_u8(state, *data);
  return state;
}

const bool kHasSse42 = __builtin_cpu_supports("sse4.2") != 0;
const auto extend = kHasSse42 ? extend_by_sse42 : extend_by_tables;
const char* const kBackend = kHasSse42 ? "sse4.2" : "tables";
#else
constexpr auto extend = extend_by_tables;
constexpr const char* kBackend = "tables";
#endif

#endif

}  // namespace

uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) {
  return ~extend(~crc, static_cast<const unsigned char*>(data), bytes);
}

const char* crc32c_backend() { return kBackend; }

}  // namespace hawser
