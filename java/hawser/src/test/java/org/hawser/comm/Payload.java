package org.hawser.comm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/** Bytes that tell which message they belong to. Long ones are written and looked at in places. */
public final class Payload {
  private static final long LONG_BYTES = 1 << 16;
  // A prime, so that the places lie anywhere in pages and packets.
  private static final long STRIDE = 4093;

  private Payload() {}

  public static MemorySegment fill(MemorySegment segment, int seed) {
    eachPlace(segment.byteSize(), at -> segment.set(JAVA_BYTE, at, expected(seed, at)));
    return segment;
  }

  public static void check(MemorySegment segment, long bytes, int seed) {
    assertEquals(bytes, segment.byteSize(), "length");
    eachPlace(
        bytes,
        at -> {
          if (segment.get(JAVA_BYTE, at) != expected(seed, at)) {
            assertEquals(expected(seed, at), segment.get(JAVA_BYTE, at), "byte " + at);
          }
        });
  }

  private static void eachPlace(long bytes, LongConsumer action) {
    long stride = bytes <= LONG_BYTES ? 1 : STRIDE;
    for (long at = 0; at < bytes; at += stride) {
      action.accept(at);
    }
    if (bytes > 0) {
      action.accept(bytes - 1);
    }
  }

  private static byte expected(int seed, long at) {
    return (byte) (seed * 53 + at * 31 + (at >>> 12));
  }
}
