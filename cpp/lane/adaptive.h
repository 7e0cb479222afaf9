// Which lane takes the next chunk, where no JVM chooses: the twin of org.hawser.lane.Adaptive, which states the rule.
// One table of recorded cases (adaptive-cases.csv beside the Java test) proves that both choose alike.
#pragma once

#include <cstdint>
#include <span>

namespace hawser {

struct LaneSight {
  bool alive = false;
  bool room = false;
  uint64_t in_flight = 0;  // bytes
  uint64_t rate = 0;       // bytes per second, 0 unknown
};

constexpr int kWaitForLane = -1;

// The lane for a chunk of `bytes`, or kWaitForLane. `backlog`: all bytes without a lane yet, this chunk's included.
int pick_adaptive(std::span<const LaneSight> lanes, uint64_t bytes, uint64_t backlog);

}  // namespace hawser
