package org.hawser.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Reads the protocol buffers that libspu describes shares with, and refuses what libspu never
 * writes: other kinds of fields, and fields out of order or twice.
 */
final class WireReader {
  private static final int VARINT = 0;
  private static final int BYTES = 2;
  private static final int WIRE_BITS = 3;
  private static final int VARINT_BITS = 7;

  private final MemorySegment message;
  private long position;

  WireReader(MemorySegment message) {
    this.message = message;
  }

  boolean hasNext() {
    return position < message.byteSize();
  }

  /** The number of a field, or 0 when the next field is another one. */
  long number(int field) {
    return skipTag(field, VARINT) ? varint() : 0;
  }

  /** What a field holds, or nothing when the next field is another one. */
  MemorySegment bytes(int field) {
    return skipTag(field, BYTES) ? take(varint()) : message.asSlice(0, 0);
  }

  private boolean skipTag(int field, int wire) {
    if (!hasNext() || message.get(JAVA_BYTE, position) != (field << WIRE_BITS | wire)) {
      return false;
    }
    position++;
    return true;
  }

  private MemorySegment take(long length) {
    if (length < 0 || length > message.byteSize() - position) {
      throw malformed("a field ends after its message");
    }
    MemorySegment bytes = message.asSlice(position, length);
    position += length;
    return bytes;
  }

  long varint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += VARINT_BITS) {
      byte next = take(1).get(JAVA_BYTE, 0);
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number has more than 64 bits");
  }

  /**
   * @throws HawserException (INVALID_ARGUMENT) when something follows
   */
  void requireEnd() {
    if (hasNext()) {
      throw malformed("it has a field that is unknown, out of order or there twice");
    }
  }

  static HawserException malformed(String how) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, "this is no share: " + how);
  }
}
