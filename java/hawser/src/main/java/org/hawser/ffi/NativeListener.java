package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_CHAR;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A {@code hawser_listener}. Any thread may call, one at a time in {@link #accept}, until {@link
 * #close}.
 */
public final class NativeListener {
  private final long handle;

  NativeListener(long handle) {
    this.handle = handle;
  }

  public int port() {
    try {
      return (char) Handles.PORT.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Blocks up to {@code timeoutNanos} for a party that connected with all its lanes; empty when
   * none came.
   *
   * @throws HawserException when the listener itself fails
   */
  public Optional<NativeLink> accept(long timeoutNanos) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment out = arena.allocate(JAVA_LONG);
      int result =
          (int) Handles.ACCEPT.invokeExact(handle, timeoutNanos, out.address(), error.address());
      if (ErrorCode.ofNative(result) == ErrorCode.TIMEOUT) {
        return Optional.empty();
      }
      error.check(result);
      return Optional.of(new NativeLink(out.get(JAVA_LONG, 0)));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Connections refused so far. */
  public long strangers() {
    try {
      return (long) Handles.STRANGERS.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  public void close() {
    try {
      Handles.CLOSE.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  private static final class Handles {
    static final MethodHandle PORT = Downcall.of("hawser_listener_port", JAVA_CHAR, JAVA_LONG);
    static final MethodHandle ACCEPT =
        Downcall.of("hawser_accept", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle STRANGERS =
        Downcall.of("hawser_listener_strangers", JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_listener_close", JAVA_LONG);
  }
}
