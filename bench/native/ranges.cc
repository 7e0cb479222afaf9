// What a named range costs where no tool listens: nanoseconds of a call that does next to nothing, bare, with a Range
// and with a Span around it.
//   bench_ranges [ROUNDS]
#include "base/ranges.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"

namespace {

using hawser::ranges::Range;
using hawser::ranges::Span;

constexpr int kSteps = 20'000'000;

// Calls of their own, as what has a range is in the library.
__attribute__((noinline)) void work(uint64_t* word) { asm volatile("" : : "r"(word) : "memory"); }

__attribute__((noinline)) void bare(uint64_t* word) {
  work(word);
  asm volatile("" : : : "memory");  // else it is work() itself
}

__attribute__((noinline)) void with_range(uint64_t* word) {
  const Range range("work", sizeof(*word));
  work(word);
}

__attribute__((noinline)) void with_span(uint64_t* word) {
  const Span span = Span::begin("work", sizeof(*word));
  work(word);
  span.finish();
}

double nanoseconds(void (*step)(uint64_t*)) {
  uint64_t word = 0;
  const hawser::Nanos began = hawser::now();
  for (int i = 0; i < kSteps; ++i) step(&word);
  return static_cast<double>(hawser::now() - began) / kSteps;
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 9;
  // The best of each, by turns, so that other work of the machine meets all alike.
  double best[3] = {1e9, 1e9, 1e9};
  for (int round = 0; round < rounds; ++round) {
    best[0] = std::min(best[0], nanoseconds(bare));
    best[1] = std::min(best[1], nanoseconds(with_range));
    best[2] = std::min(best[2], nanoseconds(with_span));
  }
  std::printf("{\"bare_ns\":%.3f,\"range_ns\":%.3f,\"span_ns\":%.3f}\n", best[0], best[1], best[2]);
  return 0;
}
