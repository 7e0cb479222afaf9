// What the native benchmarks read from their command lines, and how they give up.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

inline double parse_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || read != end || value < 0) die("not a number: " + std::string(text));
  return value;
}

// "64", "64K", "64M" or "64G".
inline uint64_t parse_size(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_first_of("KMG"));
  const std::string_view unit = text.substr(digits.size());
  uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || read != end || unit.size() > 1) die("not a size: " + std::string(text));
  return unit == "K" ? value << 10 : unit == "M" ? value << 20 : unit == "G" ? value << 30 : value;
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

// What stands before the last of `separator` and behind it; where there is none, `second` stays as it is.
inline void parse_pair(const std::string& text, char separator, std::string* first, std::string* second) {
  const size_t at = text.rfind(separator);
  *first = text.substr(0, at);
  if (at != std::string::npos) *second = text.substr(at + 1);
}

// What an option does to what it is for: a bool becomes true, all else takes the value that follows.
class Option {
 public:
  template <typename Value>
  requires(!std::invocable<Value, const std::string&>) Option(Value& to) {
    if constexpr (std::is_same_v<Value, bool>) {
      is_flag_ = true;
      take_ = [&to](const std::string&) { to = true; };
    } else if constexpr (std::is_same_v<Value, std::vector<uint64_t>>) {
      take_ = [&to](const std::string& text) { to = parse_sizes(text); };
    } else if constexpr (std::is_floating_point_v<Value>) {
      take_ = [&to](const std::string& text) { to = static_cast<Value>(parse_number(text)); };
    } else if constexpr (std::is_integral_v<Value>) {
      take_ = [&to](const std::string& text) { to = static_cast<Value>(parse_size(text)); };
    } else {
      take_ = [&to](const std::string& text) { to = text; };
    }
  }
  template <std::invocable<const std::string&> Take>
  Option(Take take) : take_(std::move(take)) {}
  // Those of `hawser perf` that mean nothing here: bench/peers runs all programs alike.
  static Option ignored() {
    return [](const std::string&) {};
  }
  static Option ignored_flag() {
    Option option = ignored();
    option.is_flag_ = true;
    return option;
  }

  bool is_flag() const { return is_flag_; }
  void take(const std::string& value) const { take_(value); }

 private:
  bool is_flag_ = false;
  std::function<void(const std::string&)> take_;
};

// Returns the words that are no options. Ends this process for an option that is not in the table.
inline std::vector<std::string> parse_arguments(int argc, char** argv,
                                                const std::map<std::string_view, Option>& options) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      words.push_back(word);
      continue;
    }
    const auto option = options.find(word);
    if (option == options.end()) die("unknown option " + word);
    if (!option->second.is_flag() && i + 1 == argc) die(word + " needs a value");
    option->second.take(option->second.is_flag() ? "" : argv[++i]);
  }
  return words;
}

// As parse_arguments(), for programs that take options alone.
inline void parse_options(int argc, char** argv, const std::map<std::string_view, Option>& options) {
  const auto words = parse_arguments(argc, argv, options);
  if (!words.empty()) die("what is " + words[0] + "?");
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
