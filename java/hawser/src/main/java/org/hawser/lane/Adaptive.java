package org.hawser.lane;

/**
 * Gives each chunk to the lane that would finish it first, and lets the tail of a transfer wait for
 * a fast lane rather than start on a slow one.
 *
 * <p>The rule, in this order of operations, in double arithmetic without contraction; the C++
 * driver follows the same one, and one table of cases proves that both agree. Only living lanes
 * count, in the order of their numbers:
 *
 * <ol>
 *   <li>{@code known}: the sum of all rates above 0, divided by their number; 1e8 when there is
 *       none. A lane's {@code speed} is its rate, or {@code known} when its rate is 0.
 *   <li>A lane's {@code time} is {@code (inFlight + bytes) / speed}. {@code best} is the lane with
 *       room of the smallest time, the first of equals; {@code busy} the smallest time of the lanes
 *       without room, infinite when there is none.
 *   <li>Without a lane with room: wait. With nothing in flight on any lane: {@code best}.
 *   <li>{@code finish = (backlog + all in flight) / (sum of speeds)}: when all lanes together would
 *       be done. Wait when {@code time(best) > finish * 1.1 + 0.0005} and {@code busy <
 *       time(best)}; else {@code best}.
 * </ol>
 */
public final class Adaptive implements ChunkScheduler {
  private static final double UNKNOWN_RATE = 1e8;
  private static final double PATIENCE = 1.1;
  private static final double GRACE_SECONDS = 0.0005;

  /** Keeps no state: one may serve many links. */
  public Adaptive() {}

  @Override
  public int pick(LaneView lanes, long chunk, long bytes, long backlog) {
    int count = lanes.count();
    double known = knownRate(lanes, count);
    double speeds = 0;
    long flying = 0;
    int best = WAIT;
    double bestTime = Double.POSITIVE_INFINITY;
    double busyTime = Double.POSITIVE_INFINITY;
    for (int lane = 0; lane < count; lane++) {
      if (!lanes.alive(lane)) {
        continue;
      }
      long rate = lanes.rate(lane);
      double speed = rate > 0 ? rate : known;
      long inFlight = lanes.inFlight(lane);
      double time = (inFlight + bytes) / speed;
      speeds += speed;
      flying += inFlight;
      if (!lanes.room(lane)) {
        busyTime = Math.min(busyTime, time);
      } else if (time < bestTime) {
        best = lane;
        bestTime = time;
      }
    }
    if (best == WAIT || flying == 0) {
      return best;
    }
    double finish = (backlog + flying) / speeds;
    boolean late = bestTime > finish * PATIENCE + GRACE_SECONDS;
    return late && busyTime < bestTime ? WAIT : best;
  }

  private static double knownRate(LaneView lanes, int count) {
    double sum = 0;
    int measured = 0;
    for (int lane = 0; lane < count; lane++) {
      if (lanes.alive(lane) && lanes.rate(lane) > 0) {
        sum += lanes.rate(lane);
        measured++;
      }
    }
    return measured == 0 ? UNKNOWN_RATE : sum / measured;
  }

  @Override
  public String toString() {
    return "adaptive";
  }
}
