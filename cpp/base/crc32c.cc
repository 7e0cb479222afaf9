#include "base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace hawser {
namespace {

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

// What a state becomes when `Bytes` zero bytes follow. The step is linear over GF(2), so that a table for each of the
// state's four bytes serves every state.
template <size_t Bytes>
class Advance {
 public:
  Advance() {
    static constexpr std::array<unsigned char, Bytes> kZeros{};
    std::array<uint32_t, 32> of_bit{};
    for (size_t bit = 0; bit < 32; ++bit) of_bit[bit] = extend_by_tables(uint32_t{1} << bit, kZeros.data(), Bytes);
    for (size_t byte = 0; byte < 4; ++byte) {
      for (size_t value = 0; value < 256; ++value) {
        uint32_t sum = 0;
        for (size_t bit = 0; bit < 8; ++bit) sum ^= (value >> bit & 1) != 0 ? of_bit[byte * 8 + bit] : 0;
        tables_[byte][value] = sum;
      }
    }
  }

  uint32_t operator()(uint32_t state) const {
    return tables_[0][state & 0xFF] ^ tables_[1][state >> 8 & 0xFF] ^ tables_[2][state >> 16 & 0xFF] ^
           tables_[3][state >> 24];
  }

 private:
  std::array<std::array<uint32_t, 256>, 4> tables_{};
};

uint64_t word_at(const unsigned char* data) {
  uint64_t word = 0;
  std::memcpy(&word, data, 8);
  return word;
}

// The instruction takes three cycles and can start every cycle: three neighbouring blocks are read side by side, and
// their states joined.
template <size_t Block>
__attribute__((target("sse4.2"))) uint32_t extend_three(uint32_t state, const unsigned char*& data, size_t& bytes) {
  static const Advance<Block> advance;
  for (; bytes >= 3 * Block; data += 3 * Block, bytes -= 3 * Block) {
    uint64_t first = state;
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < Block; i += 8) {
      first = _mm_crc32_u64(first, word_at(data + i));
      second = _mm_crc32_u64(second, word_at(data + Block + i));
      third = _mm_crc32_u64(third, word_at(data + 2 * Block + i));
    }
    state = advance(static_cast<uint32_t>(first)) ^ static_cast<uint32_t>(second);
    state = advance(state) ^ static_cast<uint32_t>(third);
  }
  return state;
}

__attribute__((target("sse4.2"))) uint32_t extend_by_sse42(uint32_t state, const unsigned char* data, size_t bytes) {
  state = extend_three<4096>(state, data, bytes);
  state = extend_three<256>(state, data, bytes);
  uint64_t wide = state;
  for (; bytes >= 8; data += 8, bytes -= 8) wide = _mm_crc32_u64(wide, word_at(data));
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

}  // namespace

uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) {
  return ~extend(~crc, static_cast<const unsigned char*>(data), bytes);
}

const char* crc32c_backend() { return kBackend; }

}  // namespace hawser
