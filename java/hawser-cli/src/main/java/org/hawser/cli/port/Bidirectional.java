package org.hawser.cli.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * One rank's part of the example: both ranks put one half of their buffer into the same half of the
 * peer's, at once, so that each ends up with both halves.
 */
final class Bidirectional {
  private static final int WARM_UP = 4;

  private final Putter putter;
  private final int rank;

  /**
   * @param putter whose memory is at least twice as long as the longest put
   */
  Bidirectional(Putter putter, int rank) {
    this.putter = putter;
    this.rank = rank;
  }

  /** What one rank found. */
  record Finding(double nanosPerIter, boolean verified) {}

  /** Measures puts of one size; both ranks do at the same time. */
  Finding measure(long bytes, int iterations) {
    boolean verified = check(bytes, 1);
    putter.put(bytes, Math.min(WARM_UP, iterations));
    long nanos = putter.put(bytes, iterations);
    return new Finding((double) nanos / iterations, verified & check(bytes, 2));
  }

  /**
   * One put whose bytes are new, and compared. Nobody puts into what is looked at here: the peer's
   * next put waits until this rank is ready for it.
   */
  private boolean check(long bytes, int round) {
    MemorySegment own = putter.memory().asSlice(rank * bytes, bytes);
    MemorySegment other = putter.memory().asSlice((1 - rank) * bytes, bytes);
    putter.settle();
    write(own, seed(rank, round));
    other.fill((byte) 0);
    putter.publish(0, 2 * bytes);
    putter.put(bytes, 1);
    putter.fetch((1 - rank) * bytes, bytes);
    return holds(other, seed(1 - rank, round));
  }

  private static long seed(int rank, int round) {
    return 2L * round + rank;
  }

  private static long pattern(long at, long seed) {
    return (at + seed + 1) * 0x9E3779B97F4A7C15L ^ seed;
  }

  private static void write(MemorySegment to, long seed) {
    long words = to.byteSize() / Long.BYTES * Long.BYTES;
    for (long at = 0; at < words; at += Long.BYTES) {
      to.set(JAVA_LONG_UNALIGNED, at, pattern(at, seed));
    }
    to.asSlice(words).fill((byte) (seed + 1));
  }

  private static boolean holds(MemorySegment from, long seed) {
    long words = from.byteSize() / Long.BYTES * Long.BYTES;
    long wrong = 0;
    for (long at = 0; at < words; at += Long.BYTES) {
      wrong |= from.get(JAVA_LONG_UNALIGNED, at) ^ pattern(at, seed);
    }
    for (long at = words; at < from.byteSize(); at++) {
      wrong |= from.get(JAVA_BYTE, at) ^ (byte) (seed + 1);
    }
    return wrong == 0;
  }
}
