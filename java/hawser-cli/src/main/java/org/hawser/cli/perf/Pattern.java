package org.hawser.cli.perf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What messages hold. The first 8 bytes (all, of a shorter message) are a header: the message's
 * number in the stream, and its {@link Phase}. The rest depends on each byte's place and on the
 * message's place in the window, so that no two chunks are alike.
 */
final class Pattern {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int PHASE_BITS = 2;

  private Pattern() {}

  static long header(long number, Phase phase) {
    return number << PHASE_BITS | phase.ordinal();
  }

  static void writeHeader(MemorySegment message, long header) {
    if (message.byteSize() >= Long.BYTES) {
      message.set(WORD, 0, header);
      return;
    }
    for (int i = 0; i < message.byteSize(); i++) {
      message.set(JAVA_BYTE, i, (byte) (header >>> (8 * i)));
    }
  }

  /** The header, as far as the message has room for it. */
  static long readHeader(MemorySegment message) {
    if (message.byteSize() >= Long.BYTES) {
      return message.get(WORD, 0);
    }
    long header = 0;
    for (int i = 0; i < message.byteSize(); i++) {
      header |= Byte.toUnsignedLong(message.get(JAVA_BYTE, i)) << (8 * i);
    }
    return header;
  }

  /** As much of a header as a message of so many bytes holds. */
  static long mask(long bytes) {
    return bytes >= Long.BYTES ? -1 : (1L << (8 * bytes)) - 1;
  }

  /** Writes everything but the header of the message at {@code place} of the window. */
  static void fill(MemorySegment message, int place) {
    long words = message.byteSize() / Long.BYTES;
    for (long word = 1; word < words; word++) {
      message.set(WORD, word * Long.BYTES, word(place, word));
    }
    for (long at = Math.max(1, words) * Long.BYTES; at < message.byteSize(); at++) {
      message.set(JAVA_BYTE, at, rest(place, at));
    }
  }

  /** The offset of the first byte that is not as {@link #fill} writes it, to 8 bytes; -1: none. */
  static long firstWrong(MemorySegment message, int place) {
    long words = message.byteSize() / Long.BYTES;
    for (long word = 1; word < words; word++) {
      if (message.get(WORD, word * Long.BYTES) != word(place, word)) {
        return word * Long.BYTES;
      }
    }
    for (long at = Math.max(1, words) * Long.BYTES; at < message.byteSize(); at++) {
      if (message.get(JAVA_BYTE, at) != rest(place, at)) {
        return at;
      }
    }
    return -1;
  }

  private static long word(int place, long word) {
    // Odd factors: every word of a message, and of a window, differs from its neighbours.
    return (word + 1) * 0x9e37_79b9_7f4a_7c15L ^ (place + 1) * 0xc2b2_ae3d_27d4_eb4fL;
  }

  private static byte rest(int place, long at) {
    return (byte) (word(place, at) >>> 56);
  }
}
