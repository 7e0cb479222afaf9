package org.hawser.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** A {@code hawser_spu_error}: written by a native call to be read here, or the other way round. */
final class SpuError {
  static final int BYTES = 4096;
  private static final int TEXT = 4;

  private final MemorySegment segment;

  SpuError(Arena arena) {
    segment = arena.allocate(BYTES, Integer.BYTES);
  }

  long address() {
    return segment.address();
  }

  /**
   * Sees to it that {@code result} tells success.
   *
   * @param channels those that the call may have run, null when none; what one of them threw is the
   *     cause of the exception
   * @throws HawserException with what the call wrote, when it is negative
   */
  void check(int result, SpuChannels channels) {
    if (result >= 0) {
      return;
    }
    Throwable cause = channels == null ? null : channels.takeFailure();
    ErrorCode code = cause == null ? ErrorCode.ofNative(result) : ErrorCode.LINK_FAILED;
    throw new HawserException(code, segment.getString(TEXT), cause);
  }

  /** As {@link #check(int, SpuChannels)}, for a call that runs no channels. */
  void check(int result) {
    check(result, null);
  }

  /**
   * Tells native code what a channel threw.
   *
   * @return the code, negative
   */
  static int write(long address, Throwable thrown) {
    ErrorCode code = thrown instanceof HawserException e ? e.code() : ErrorCode.INTERNAL;
    byte[] text = String.valueOf(thrown.getMessage()).getBytes(StandardCharsets.UTF_8);
    MemorySegment error = NativeMemory.at(address, BYTES);
    int length = Math.min(text.length, BYTES - TEXT - 1);
    error.set(ValueLayout.JAVA_INT, 0, -code.ordinal());
    MemorySegment.copy(text, 0, error, ValueLayout.JAVA_BYTE, TEXT, length);
    error.set(ValueLayout.JAVA_BYTE, TEXT + length, (byte) 0);
    return -code.ordinal();
  }
}
