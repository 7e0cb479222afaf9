// What a link notes of itself for who looks at the process from outside: a row for the link and one for each lane.
#pragma once

#include <array>
#include <vector>

#include "hawser.h"
#include "stat/notes.h"

namespace hawser {

class LinkNotes {
 public:
  // Nothing is noted where the process has no file, or its tables are full.
  void begin(const hawser_stat_link& link, const std::vector<hawser_stat_lane>& lanes);

  // [driver] Copies what the link counts anyway: a few plain stores a lane. `joining`: a bit for each lane that is
  // being connected anew.
  void publish(const hawser_link_shared& shared, uint64_t receives, uint32_t joining, Nanos time);

 private:
  struct LaneNote {
    stats::Note<hawser_stat_lane> note;
    uint64_t moved = 0;  // the lane's messages when it was last seen to make progress
  };

  stats::Note<hawser_stat_link> link_;
  std::vector<LaneNote> lanes_;
};

}  // namespace hawser
