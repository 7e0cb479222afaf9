package org.hawser.cli.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.port.PortChannel;

/**
 * One rank's part of the example: both ranks put one half of their buffer into the same half of the
 * peer's, at once, so that each ends up with both halves.
 */
final class Bidirectional {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int WARM_UP = 4;

  private final PortChannel channel;
  private final MemorySegment buffer;
  private final int rank;

  /**
   * @param buffer registered with the channel, at least twice as long as the longest put
   */
  Bidirectional(PortChannel channel, MemorySegment buffer, int rank) {
    this.channel = channel;
    this.buffer = buffer;
    this.rank = rank;
  }

  /** What one rank found. */
  record Finding(double nanosPerIter, boolean verified) {}

  /** Measures puts of one size; both ranks do at the same time. */
  Finding measure(long bytes, int iterations) {
    boolean verified = check(bytes, 1);
    for (int i = 0; i < Math.min(WARM_UP, iterations); i++) {
      iterate(bytes);
    }
    long begin = System.nanoTime();
    for (int i = 0; i < iterations; i++) {
      iterate(bytes);
    }
    long nanos = System.nanoTime() - begin;
    return new Finding((double) nanos / iterations, verified & check(bytes, 2));
  }

  /** What the example's kernel does. */
  private void iterate(long bytes) {
    meet();
    channel.putWithSignal(rank * bytes, rank * bytes, bytes);
    channel.awaitSignal(LIMIT);
  }

  private void meet() {
    channel.signal();
    channel.awaitSignal(LIMIT);
  }

  /** One iteration whose bytes are new, and compared. */
  private boolean check(long bytes, int round) {
    MemorySegment own = buffer.asSlice(rank * bytes, bytes);
    MemorySegment other = buffer.asSlice((1 - rank) * bytes, bytes);
    channel.flush(LIMIT); // the last puts still read what is written here
    write(own, seed(rank, round));
    other.fill((byte) 0);
    iterate(bytes);
    boolean equal = holds(other, seed(1 - rank, round));
    meet(); // nobody puts before both have compared
    return equal;
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
