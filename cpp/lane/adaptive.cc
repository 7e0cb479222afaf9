#include "lane/adaptive.h"

#include <algorithm>
#include <limits>

namespace hawser {

namespace {

constexpr double kUnknownRate = 1e8;
constexpr double kPatience = 1.1;
constexpr double kGraceSeconds = 0.0005;

double known_rate(std::span<const LaneSight> lanes) {
  double sum = 0;
  int measured = 0;
  for (const LaneSight& lane : lanes) {
    if (!lane.alive || lane.rate == 0) continue;
    sum += static_cast<double>(lane.rate);
    ++measured;
  }
  return measured == 0 ? kUnknownRate : sum / measured;
}

}  // namespace

int pick_adaptive(std::span<const LaneSight> lanes, uint64_t bytes, uint64_t backlog) {
  const double known = known_rate(lanes);
  double speeds = 0;
  uint64_t flying = 0;
  int best = kWaitForLane;
  double best_time = std::numeric_limits<double>::infinity();
  double busy_time = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < lanes.size(); ++i) {
    const LaneSight& lane = lanes[i];
    if (!lane.alive) continue;
    const double speed = lane.rate > 0 ? static_cast<double>(lane.rate) : known;
    const double time = static_cast<double>(lane.in_flight + bytes) / speed;
    speeds += speed;
    flying += lane.in_flight;
    if (!lane.room) {
      busy_time = std::min(busy_time, time);
    } else if (time < best_time) {
      best = static_cast<int>(i);
      best_time = time;
    }
  }
  if (best == kWaitForLane || flying == 0) return best;
  const double finish = static_cast<double>(backlog + flying) / speeds;
  const bool late = best_time > finish * kPatience + kGraceSeconds;
  return late && busy_time < best_time ? kWaitForLane : best;
}

}  // namespace hawser
