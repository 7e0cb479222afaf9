package org.hawser.cli.perf;

import java.util.HashMap;
import java.util.Map;
import org.hawser.lane.LinkEvent;

/** How long lanes were away. Any thread may use it. */
final class Outages {
  private final Map<Integer, Long> lostAt = new HashMap<>();
  private long longest = -1;

  synchronized void take(LinkEvent event) {
    switch (event) {
      case LinkEvent.LaneLost lost -> lostAt.put(lost.lane(), System.nanoTime());
      case LinkEvent.LaneBack back -> {
        Long since = lostAt.remove(back.lane());
        longest = since == null ? longest : Math.max(longest, System.nanoTime() - since);
      }
      case LinkEvent.PeerClosed _, LinkEvent.Failed _ -> {}
    }
  }

  /** Forgets what is over. */
  synchronized void clear() {
    longest = -1;
  }

  /** From a lane's loss to its return, the longest; null when none returned. */
  synchronized Double longestMs() {
    return longest < 0 ? null : longest / 1e6;
  }
}
