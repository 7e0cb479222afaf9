package org.hawser.chaos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What messages consist of: number, length and a word of the sender's, then bytes that follow from
 * the number, so that every one of them can be checked without the original.
 */
final class Content {
  static final int HEAD = 24;
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  private Content() {}

  static void fill(MemorySegment message, long number, long word) {
    long bytes = message.byteSize();
    message.set(JAVA_LONG_UNALIGNED, 0, number);
    message.set(JAVA_LONG_UNALIGNED, 8, bytes);
    message.set(JAVA_LONG_UNALIGNED, 16, word);
    long at = HEAD;
    for (; at + Long.BYTES <= bytes; at += Long.BYTES) {
      message.set(JAVA_LONG_UNALIGNED, at, pattern(number, at));
    }
    for (; at < bytes; at++) {
      message.set(JAVA_BYTE, at, (byte) pattern(number, at));
    }
  }

  static long number(MemorySegment message) {
    return message.get(JAVA_LONG_UNALIGNED, 0);
  }

  static long word(MemorySegment message) {
    return message.get(JAVA_LONG_UNALIGNED, 16);
  }

  /** How many bytes are not what the message's own number says. */
  static long wrongBytes(MemorySegment message) {
    long bytes = message.byteSize();
    if (bytes < HEAD || message.get(JAVA_LONG_UNALIGNED, 8) != bytes) {
      return Math.max(1, bytes);
    }
    long number = number(message);
    long wrong = 0;
    long at = HEAD;
    for (; at + Long.BYTES <= bytes; at += Long.BYTES) {
      wrong += message.get(JAVA_LONG_UNALIGNED, at) == pattern(number, at) ? 0 : Long.BYTES;
    }
    for (; at < bytes; at++) {
      wrong += message.get(JAVA_BYTE, at) == (byte) pattern(number, at) ? 0 : 1;
    }
    return wrong;
  }

  private static long pattern(long number, long at) {
    return (number + 1) * SPREAD + at * 0x0101010101010101L;
  }
}
