// Monotonic time in nanoseconds: the one clock of the native half.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace hawser {

using Nanos = int64_t;

constexpr Nanos kMicrosecond = 1'000;
constexpr Nanos kMillisecond = 1'000'000;
constexpr Nanos kSecond = 1'000'000'000;

inline Nanos now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<Nanos>(t.tv_sec) * kSecond + t.tv_nsec;
}

// The deadline of a timeout that a caller of the C ABI gave: in range whatever it was.
inline Nanos after(int64_t timeout_ns) {
  constexpr Nanos kYear = 365 * 86400 * kSecond;
  return now() + std::clamp<Nanos>(timeout_ns, 0, kYear);
}

}  // namespace hawser
