#include "base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hawser {
namespace {

static_assert(std::endian::native == std::endian::little, "the tables below read eight bytes in little-endian order");

using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr uint32_t kPolynomial = 0x82F63B78;  // Castagnoli, reflected

constexpr Tables make_tables() {
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

// x^`power` modulo the polynomial, reflected, as folding multiplies by it: a carry-less product of two reflected
// factors comes out one bit too low.
constexpr uint64_t power_of_x(uint32_t power) {
  uint32_t value = 0x80000000;  // 1, reflected
  for (uint32_t i = 0; i < power; ++i) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
  return uint64_t{value} << 1;
}

#define HAWSER_FOLDS __attribute__((target("avx512f,vpclmulqdq,sse4.2")))

// The factors that carry each of four lanes of 16 bytes over `Bytes` bytes of data.
template <uint32_t Bytes>
HAWSER_FOLDS __m512i factors_over() {
  static constexpr uint64_t kLow = power_of_x(8 * Bytes + 32);
  static constexpr uint64_t kHigh = power_of_x(8 * Bytes - 32);
  return _mm512_set4_epi64(static_cast<int64_t>(kHigh), static_cast<int64_t>(kLow), static_cast<int64_t>(kHigh),
                           static_cast<int64_t>(kLow));
}

HAWSER_FOLDS __m512i fold(__m512i lanes, __m512i factors, __m512i onto) {
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(lanes, factors, 0x00),
                                   _mm512_clmulepi64_epi128(lanes, factors, 0x11), onto, kXorOfThree);
}

// Folding as Intel's "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (2009) has it, by
// vectors four times as wide: 256 bytes at a time onto the next 256, these onto the last 64, whose CRC is that of all.
HAWSER_FOLDS uint32_t extend_by_folding(uint32_t state, const unsigned char* data, size_t bytes) {
  constexpr size_t kStep = 256;
  constexpr size_t kVector = 64;
  constexpr size_t kAhead = 2048;  // the caches' own reading ahead does not keep up
  if (bytes < 2 * kStep) return extend_by_sse42(state, data, bytes);
  const auto vector_at = [&data](size_t index) HAWSER_FOLDS { return _mm512_loadu_si512(data + index * kVector); };
  __m512i first = vector_at(0);
  __m512i second = vector_at(1);
  __m512i third = vector_at(2);
  __m512i fourth = vector_at(3);
  first = _mm512_xor_si512(first, _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state))));
  const __m512i over_step = factors_over<kStep>();
  for (data += kStep, bytes -= kStep; bytes >= kStep; data += kStep, bytes -= kStep) {
    for (size_t i = 0; i < kStep; i += kVector) {
      _mm_prefetch(reinterpret_cast<const char*>(data) + kAhead + i, _MM_HINT_T0);
    }
    first = fold(first, over_step, vector_at(0));
    second = fold(second, over_step, vector_at(1));
    third = fold(third, over_step, vector_at(2));
    fourth = fold(fourth, over_step, vector_at(3));
  }
  const __m512i over_vector = factors_over<kVector>();
  const __m512i all = fold(fold(fold(first, over_vector, second), over_vector, third), over_vector, fourth);
  std::array<unsigned char, kVector> last;
  _mm512_storeu_si512(last.data(), all);
  return extend_by_sse42(extend_by_sse42(0, last.data(), last.size()), data, bytes);
}

#undef HAWSER_FOLDS

#endif

std::vector<Crc32cBackend> backends_here() {
  std::vector<Crc32cBackend> here;
#if defined(__x86_64__)
  const bool steps = __builtin_cpu_supports("sse4.2") != 0;
  const bool folds = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("vpclmulqdq") != 0;
  if (steps && folds) here.push_back({"vpclmulqdq", extend_by_folding});
  if (steps) here.push_back({"sse4.2", extend_by_sse42});
#endif
  here.push_back({"tables", extend_by_tables});
  return here;
}

}  // namespace

const std::vector<Crc32cBackend>& crc32c_backends() {
  static const std::vector<Crc32cBackend> here = backends_here();
  return here;
}

uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) {
  static const auto extend = crc32c_backends().front().extend;
  return ~extend(~crc, static_cast<const unsigned char*>(data), bytes);
}

}  // namespace hawser
