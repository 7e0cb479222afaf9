// Opens and closes something over and over: what that takes of the process must be given back each time.
#pragma once

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "base/clock.h"
#include "tests/sanitized.h"

namespace hawser::testing {

// Sanitizers make every step some ten times as dear. What leaks in each cycle leaks in a hundred of them as well, and
// LeakSanitizer sees every byte.
constexpr int kCycles = kSanitized ? 100 : 1000;

// What a process holds of the machine.
struct Holdings {
  static Holdings now() {
    Holdings held;
    held.threads = entries("/proc/self/task");
    held.descriptors = entries("/proc/self/fd");
    std::ifstream maps("/proc/self/maps");
    held.mappings = std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
    held.heap = static_cast<int64_t>(mallinfo2().uordblks);  // of all arenas; 0 under sanitizers
    return held;
  }

  int64_t threads = 0;
  int64_t descriptors = 0;
  int64_t mappings = 0;
  int64_t heap = 0;  // bytes

 private:
  static int64_t entries(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  }
};

// Runs `cycle` kCycles times. Descriptors and threads must be as many as after the first quarter, when all that is made
// once has been made. Memory is less exact: malloc keeps what was freed with the arena or the thread that freed it, and
// stacks of threads that have ended. But what is leaked by each cycle grows in every quarter, by a whole block (32
// bytes at least) or a mapping each time: there must be a quarter in which that was not so.
template <typename Cycle>
void expect_flat_over_cycles(Cycle&& cycle) {
  constexpr int kQuarters = 4;
  constexpr int64_t kQuarter = kCycles / kQuarters;
  constexpr int64_t kLeastBlock = 32;
  std::array<Holdings, kQuarters> after;
  for (Holdings& held : after) {
    for (int64_t i = 0; i < kQuarter && !::testing::Test::HasFailure(); ++i) cycle();
    held = Holdings::now();
  }
  if (::testing::Test::HasFailure()) return;
  // Threads that nobody joins, and closing that is handed to one, may take a moment more than the last cycle.
  const Nanos deadline = hawser::now() + 10 * kSecond;
  Holdings end = after.back();
  while ((end.threads > after[0].threads || end.descriptors > after[0].descriptors) && hawser::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    end = Holdings::now();
  }
  EXPECT_LE(end.threads, after[0].threads);
  EXPECT_LE(end.descriptors, after[0].descriptors);
  int64_t heap = INT64_MAX;
  int64_t mappings = INT64_MAX;
  for (size_t i = 1; i < after.size(); ++i) {
    heap = std::min(heap, after[i].heap - after[i - 1].heap);
    mappings = std::min(mappings, after[i].mappings - after[i - 1].mappings);
  }
  EXPECT_LT(heap, kQuarter * kLeastBlock) << "bytes in a quarter of " << kCycles << " cycles";
  // ASan keeps what was freed, with its mappings, to catch who uses it.
  if (!kSanitized) {
    EXPECT_LT(mappings, kQuarter) << "in a quarter of " << kCycles << " cycles";
  }
}

}  // namespace hawser::testing
