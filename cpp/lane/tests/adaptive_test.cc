// The C++ twin of org.hawser.lane.Adaptive: the recorded cases, and what must hold whatever the lanes are.
#include "lane/adaptive.h"

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace hawser {
namespace {

struct Case {
  std::string line;
  std::vector<LaneSight> lanes;
  uint64_t bytes = 0;
  uint64_t backlog = 0;
  int expected = 0;
};

template <typename Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  EXPECT_TRUE(error == std::errc() && end == text.data() + text.size()) << text;
  return value;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (size_t from = 0;;) {
    const size_t to = text.find(at, from);
    parts.push_back(text.substr(from, to - from));
    if (to == std::string::npos) return parts;
    from = to + 1;
  }
}

// lanes (alive:room:in flight:rate, joined by |),bytes,backlog,expected
Case parse(const std::string& line) {
  Case parsed;
  parsed.line = line;
  const auto fields = split(line, ',');
  EXPECT_EQ(4u, fields.size()) << line;
  for (const std::string& lane : split(fields[0], '|')) {
    const auto facts = split(lane, ':');
    EXPECT_EQ(4u, facts.size()) << line;
    parsed.lanes.push_back({facts[0] == "1", facts[1] == "1", number<uint64_t>(facts[2]), number<uint64_t>(facts[3])});
  }
  parsed.bytes = number<uint64_t>(fields[1]);
  parsed.backlog = number<uint64_t>(fields[2]);
  parsed.expected = number<int>(fields[3]);
  return parsed;
}

TEST(Adaptive, ChoosesAsTheRecordedCasesSay) {
  std::ifstream file(ADAPTIVE_CASES);
  ASSERT_TRUE(file.is_open()) << "the table of recorded cases is missing";
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const Case recorded = parse(line);
    EXPECT_EQ(recorded.expected, pick_adaptive(recorded.lanes, recorded.bytes, recorded.backlog)) << line;
    ++cases;
  }
  EXPECT_GE(cases, 20);
}

TEST(Adaptive, NeverPicksADeadOrFullLane) {
  std::mt19937_64 random(3);
  int waits = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::vector<LaneSight> lanes(1 + random() % 16);
    bool any_room = false;
    uint64_t flying = 0;
    for (LaneSight& lane : lanes) {
      lane = {random() % 4 != 0, random() % 2 != 0, random() % 3 == 0 ? 0 : random() % (64u << 20),
              random() % 4 == 0 ? 0 : 1 + random() % 50'000'000'000};
      any_room |= lane.alive && lane.room;
      if (lane.alive) flying += lane.in_flight;
    }
    const uint64_t bytes = 1 + random() % (1u << 20);
    const int picked = pick_adaptive(lanes, bytes, bytes + random() % (1u << 30));
    if (picked == kWaitForLane) {
      ++waits;
      // Waiting needs something to wait for: else the transfer would never end.
      ASSERT_TRUE(!any_room || flying > 0);
      continue;
    }
    ASSERT_GE(picked, 0);
    ASSERT_LT(static_cast<size_t>(picked), lanes.size());
    ASSERT_TRUE(lanes[static_cast<size_t>(picked)].alive && lanes[static_cast<size_t>(picked)].room);
  }
  EXPECT_GT(waits, 100);
}

TEST(Adaptive, WaitsForNothingWithoutLanes) { EXPECT_EQ(kWaitForLane, pick_adaptive({}, 1, 1)); }

}  // namespace
}  // namespace hawser
