package org.hawser.lane;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Of every {@code sum(weights)} chunks, lane {@code i} carries {@code weights[i]}, spread evenly. A
 * chunk waits for its lane, and goes to the next one in the cycle only when that lane is dead or
 * not there. A lane without a weight carries chunks only when no lane with one is alive.
 */
public final class Weighted implements ChunkScheduler {
  private static final int MAX_SUM = 1 << 16;

  private final int[] weights;
  private final int[] cycle;

  /**
   * @param weights each 0 or more, not all 0, at most 65536 in all
   * @throws HawserException (INVALID_ARGUMENT) for others
   */
  public Weighted(int... weights) {
    long sum = Arrays.stream(weights).asLongStream().sum();
    if (Arrays.stream(weights).anyMatch(weight -> weight < 0) || sum < 1 || sum > MAX_SUM) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "weights are 0 or more, with a sum of 1 to %d, not %s"
              .formatted(MAX_SUM, Arrays.toString(weights)));
    }
    this.weights = weights.clone();
    this.cycle = cycle(this.weights, (int) sum);
  }

  /**
   * Each step every lane earns its weight; the richest, the first of equals, takes the step and
   * pays the sum.
   */
  private static int[] cycle(int[] weights, int sum) {
    int[] cycle = new int[sum];
    int[] credit = new int[weights.length];
    for (int step = 0; step < sum; step++) {
      int richest = 0;
      for (int lane = 0; lane < weights.length; lane++) {
        credit[lane] += weights[lane];
        if (credit[lane] > credit[richest]) {
          richest = lane;
        }
      }
      credit[richest] -= sum;
      cycle[step] = richest;
    }
    return cycle;
  }

  @Override
  public int pick(LaneView lanes, long chunk, long bytes, long backlog) {
    int count = lanes.count();
    int step = (int) (chunk % cycle.length);
    for (int tried = 0; tried < cycle.length; tried++) {
      int lane = cycle[step];
      if (lane < count && lanes.alive(lane)) {
        return lanes.room(lane) ? lane : WAIT;
      }
      step = step + 1 == cycle.length ? 0 : step + 1;
    }
    return anyWithRoom(lanes, count);
  }

  private static int anyWithRoom(LaneView lanes, int count) {
    for (int lane = 0; lane < count; lane++) {
      if (lanes.alive(lane) && lanes.room(lane)) {
        return lane;
      }
    }
    return WAIT;
  }

  @Override
  public String toString() {
    return Arrays.stream(weights)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(",", "weighted:", ""));
  }
}
