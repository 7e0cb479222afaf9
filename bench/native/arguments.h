// What the native benchmarks read from their command lines, and how they give up.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace hawser::bench {

// Ends this process: a benchmark that cannot go on has nothing to report.
[[noreturn]] inline void die(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
  std::exit(1);
}

inline void check(const Status& status) {
  if (!status.ok()) die(status.text());
}

// "64", "64K", "64M" or "64G".
inline uint64_t parse_size(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) die("not a size: " + std::string(text));
  const char unit = end == text.data() + text.size() ? 'B' : *end;
  return unit == 'K' ? value << 10 : unit == 'M' ? value << 20 : unit == 'G' ? value << 30 : value;
}

inline std::vector<uint64_t> parse_sizes(std::string_view list) {
  std::vector<uint64_t> sizes;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    sizes.push_back(parse_size(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return sizes;
}

// Of this process so far, user and system.
inline double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace hawser::bench
