package org.hawser.base;

import java.lang.foreign.MemorySegment;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** What memory must be like for native code to reach it from any thread, at any time. */
public final class MemoryChecks {
  private MemoryChecks() {}

  /**
   * @throws HawserException (INVALID_ARGUMENT) for memory of the heap, of a closed arena, or of
   *     another thread
   */
  public static void requireReachable(MemorySegment segment) {
    if (!segment.isNative()) {
      throw invalid(
          "the memory is on the heap, where it may move: use Lanes.allocate, or Arena.allocate");
    }
    if (!segment.scope().isAlive()) {
      throw arenaClosed();
    }
    if (!segment.isAccessibleBy(Thread.currentThread())) {
      throw invalid("the memory is confined to another thread");
    }
  }

  public static HawserException arenaClosed() {
    return invalid("the memory's arena is closed");
  }

  public static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
