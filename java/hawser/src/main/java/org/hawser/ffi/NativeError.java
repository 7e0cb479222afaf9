package org.hawser.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A {@code hawser_error} that one call fills. Each call brings its own: a virtual thread may change
 * carriers between two calls, so an error kept per thread by the native side could be another's.
 */
final class NativeError {
  private static final long CODE = Layouts.offset(Layouts.ERROR, "code");
  private static final long SYS_ERRNO = Layouts.offset(Layouts.ERROR, "sys_errno");
  private static final long RANK = Layouts.offset(Layouts.ERROR, "rank");
  private static final long LANE = Layouts.offset(Layouts.ERROR, "lane");
  private static final long DEVICE = Layouts.offset(Layouts.ERROR, "device");
  private static final long TEXT = Layouts.offset(Layouts.ERROR, "text");

  private final MemorySegment segment;

  NativeError(Arena arena) {
    segment = arena.allocate(Layouts.ERROR);
  }

  long address() {
    return segment.address();
  }

  /**
   * Returns {@code result} when it tells success.
   *
   * @throws HawserException with what the call wrote, when it is negative
   */
  int check(int result) {
    if (result < 0) {
      throw exception(result);
    }
    return result;
  }

  /** What the call that returned {@code result} wrote. */
  HawserException exception(int result) {
    int written = segment.get(ValueLayout.JAVA_INT, CODE);
    ErrorCode code = ErrorCode.ofNative(written != 0 ? written : result);
    String text = segment.getString(TEXT);
    return new HawserException(
        code,
        text.isEmpty() ? "the native call failed with " + code : text,
        null,
        segment.get(ValueLayout.JAVA_INT, RANK),
        segment.get(ValueLayout.JAVA_INT, LANE),
        segment.getString(DEVICE),
        segment.get(ValueLayout.JAVA_INT, SYS_ERRNO));
  }
}
