package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** The few forms that calls of the ports have, for all but the hot ones. */
final class NativeCall {
  private NativeCall() {}

  /** A call that writes a handle to {@code out}, and why it failed to {@code error}. */
  @FunctionalInterface
  interface Opening {
    int call(Arena arena, long out, long error) throws Throwable;
  }

  /** A call that writes why it failed to {@code error}. */
  @FunctionalInterface
  interface Checked {
    int call(Arena arena, long error) throws Throwable;
  }

  /** A call that writes at most {@code capacity} bytes and returns how many. */
  @FunctionalInterface
  interface Telling {
    int call(long out, int capacity) throws Throwable;
  }

  /** The handle that the call has made. */
  static long open(Opening call) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment out = arena.allocate(JAVA_LONG);
      error.check(call.call(arena, out.address(), error.address()));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The call's result, 0 or above. */
  static int check(Checked call) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      return error.check(call.call(arena, error.address()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Whether the call succeeded; false when it did not for lack of room or time. */
  static boolean taken(Checked call) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      int result = call.call(arena, error.address());
      return ErrorCode.ofNative(result) != ErrorCode.TIMEOUT && error.check(result) >= 0;
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** What the call tells of a failure that happened before. */
  static HawserException failure(Checked call) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      return error.exception(call.call(arena, error.address()));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The bytes that the call wrote. */
  static byte[] bytes(Telling call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(PortLayouts.BYTES);
      int length = new NativeError(arena).check(call.call(out.address(), PortLayouts.BYTES));
      return out.asSlice(0, length).toArray(JAVA_BYTE);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Calls a function of one handle, which cannot fail. */
  static void run(MethodHandle function, long handle) {
    try {
      function.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** A copy of the bytes for the time of a call. */
  static long copy(Arena arena, byte[] bytes) {
    return arena.allocateFrom(JAVA_BYTE, bytes).address();
  }
}
