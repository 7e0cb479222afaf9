package org.hawser.lane;

/**
 * Chunk number modulo lanes, strictly: a chunk waits for its lane, and goes to the next living one
 * only when that lane is dead. As fast as the slowest lane times the number of lanes.
 */
public final class RoundRobin implements ChunkScheduler {
  /** Keeps no state: one may serve many links. */
  public RoundRobin() {}

  @Override
  public int pick(LaneView lanes, long chunk, long bytes, long backlog) {
    int count = lanes.count();
    int lane = (int) (chunk % count);
    for (int tried = 0; tried < count; tried++) {
      if (lanes.alive(lane)) {
        return lanes.room(lane) ? lane : WAIT;
      }
      lane = lane + 1 == count ? 0 : lane + 1;
    }
    return WAIT;
  }

  @Override
  public String toString() {
    return "round-robin";
  }
}
