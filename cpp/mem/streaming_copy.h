// Copies past the caches: memory that is written whole and read later by others is not read from memory first, as it is
// when it goes through the caches, and does not drive out what is there.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace hawser {

// The areas do not overlap, and may lie at any alignment. What was written is seen by other threads after
// streaming_fence() of this one. `next` is where the next copy will read: its start is fetched while this one ends,
// since processors guess what follows only within a page.
inline void streaming_copy(unsigned char* to, const unsigned char* from, size_t bytes,
                           [[maybe_unused]] const unsigned char* next) {
#ifdef __SSE2__
  constexpr size_t kLine = 64;
  constexpr size_t kAhead = 512;
  // Lines that are not written whole cost more this way than by the caches.
  if (bytes >= 4 * kLine) {
    const size_t head = -reinterpret_cast<uintptr_t>(to) % kLine;
    std::memcpy(to, from, head);
    to += head;
    from += head;
    bytes -= head;
    for (; bytes >= kLine; bytes -= kLine, to += kLine, from += kLine) {
      const unsigned char* ahead = bytes > kAhead ? from + kAhead : next + (kAhead - bytes);
      _mm_prefetch(reinterpret_cast<const char*>(ahead), _MM_HINT_NTA);
      const auto* source = reinterpret_cast<const __m128i*>(from);
      auto* destination = reinterpret_cast<__m128i*>(to);
      const __m128i first = _mm_loadu_si128(source);
      const __m128i second = _mm_loadu_si128(source + 1);
      const __m128i third = _mm_loadu_si128(source + 2);
      const __m128i fourth = _mm_loadu_si128(source + 3);
      _mm_stream_si128(destination, first);
      _mm_stream_si128(destination + 1, second);
      _mm_stream_si128(destination + 2, third);
      _mm_stream_si128(destination + 3, fourth);
    }
  }
#endif
  std::memcpy(to, from, bytes);
}

inline void streaming_fence() {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

}  // namespace hawser
