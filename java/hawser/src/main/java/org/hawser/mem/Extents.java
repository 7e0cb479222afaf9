package org.hawser.mem;

import java.lang.foreign.MemorySegment;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** The checks that every kind of {@link Memory} makes. */
final class Extents {
  private Extents() {}

  static void requireSize(String what, long bytes) {
    if (bytes < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "%s has 1 byte or more, not %d".formatted(what, bytes));
    }
  }

  /**
   * Whether a copy between the host's memory and {@code memory} from {@code offset} on is sound.
   */
  static void requireCopy(Memory memory, long offset, MemorySegment host) {
    requireOpen(memory);
    if (!host.isNative()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "memory on the heap cannot be copied to or from " + memory);
    }
    if (offset < 0 || host.byteSize() > memory.bytes() - offset) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%d bytes at %d lie outside of %s".formatted(host.byteSize(), offset, memory));
    }
  }

  static void requireOpen(Memory memory) {
    if (!memory.isOpen()) {
      throw new HawserException(ErrorCode.CLOSED, memory + " is closed");
    }
  }
}
