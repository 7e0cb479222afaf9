package org.hawser.lane;

import java.util.Arrays;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Spelling;

/**
 * Chooses the lane of every chunk.
 *
 * <p>Called by whichever thread drives, one at a time, for every chunk: it must neither block nor
 * allocate. One that throws, or names a lane that does not take a chunk, is reported to the log and
 * replaced by {@link Adaptive} for the rest of the link's life: the bytes arrive all the same.
 */
@FunctionalInterface
public interface ChunkScheduler {
  /** No lane now: ask again when something has changed. */
  int WAIT = -1;

  /**
   * Chooses a lane for the next chunk of a link.
   *
   * @param chunk the chunk's number, counted over the life of the link from 0; it is asked for
   *     again after {@link #WAIT}
   * @param bytes the chunk's size
   * @param backlog all bytes that have no lane yet, this chunk's included
   * @return a lane with room, or {@link #WAIT}. Never waits when a lane has room and nothing is in
   *     flight: nothing would happen that could end the wait
   */
  int pick(LaneView lanes, long chunk, long bytes, long backlog);

  /** The lane that finishes the chunk first, and patience at the tail: {@link Adaptive}. */
  static ChunkScheduler adaptive() {
    return new Adaptive();
  }

  /** Chunk number modulo lanes: {@link RoundRobin}. */
  static ChunkScheduler roundRobin() {
    return new RoundRobin();
  }

  /** So many chunks a lane in turn: {@link Weighted}. */
  static ChunkScheduler weighted(int... weights) {
    return new Weighted(weights);
  }

  /**
   * The scheduler that a setting or an option names: {@code adaptive}, {@code round-robin} or
   * {@code weighted:3,1,..}.
   *
   * @throws HawserException (INVALID_ARGUMENT) for any other text
   */
  static ChunkScheduler parse(String text) {
    String name = text.strip();
    if (name.startsWith("weighted:")) {
      return weighted(weights(name.substring("weighted:".length())));
    }
    return switch (name) {
      case "adaptive" -> adaptive();
      case "round-robin" -> roundRobin();
      default ->
          throw new HawserException(
              ErrorCode.INVALID_ARGUMENT,
              "there is no scheduler \"%s\"; did you mean %s?"
                  .formatted(
                      text,
                      Spelling.nearest(
                          name, Arrays.asList("adaptive", "round-robin", "weighted:3,1"))));
    };
  }

  private static int[] weights(String list) {
    try {
      return Arrays.stream(list.split(",", -1))
          .map(String::strip)
          .mapToInt(Integer::parseInt)
          .toArray();
    } catch (NumberFormatException e) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "weighted:%s has a weight that is no number; write weighted:3,1,1".formatted(list),
          e);
    }
  }
}
