package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Ordered access to words of memory shared with the native half. */
final class Words {
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private Words() {}

  static long plain(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_LONG, offset);
  }

  static void setPlain(MemorySegment memory, long offset, long value) {
    memory.set(ValueLayout.JAVA_LONG, offset, value);
  }

  static void setPlain(MemorySegment memory, long offset, int value) {
    memory.set(ValueLayout.JAVA_INT, offset, value);
  }

  /**
   * Neither torn nor cached, and ordered with nothing: for counters that another thread or the
   * engine moves.
   */
  static long opaque(MemorySegment memory, long offset) {
    return (long) LONG.getOpaque(memory, offset);
  }

  static void setOpaque(MemorySegment memory, long offset, long value) {
    LONG.setOpaque(memory, offset, value);
  }

  static long acquire(MemorySegment memory, long offset) {
    return (long) LONG.getAcquire(memory, offset);
  }

  static int acquireInt(MemorySegment memory, long offset) {
    return (int) INT.getAcquire(memory, offset);
  }

  static void setRelease(MemorySegment memory, long offset, long value) {
    LONG.setRelease(memory, offset, value);
  }

  static boolean compareAndSet(MemorySegment memory, long offset, long expected, long value) {
    return LONG.compareAndSet(memory, offset, expected, value);
  }
}
