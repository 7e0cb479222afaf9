package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** A {@code hawser_port_semaphore}. Any thread may call, until {@link #close}. */
public final class NativePortSemaphore {
  private final long handle;

  private NativePortSemaphore(long handle) {
    this.handle = handle;
  }

  public static NativePortSemaphore open(NativePortConnection connection) {
    return new NativePortSemaphore(
        NativeCall.open(
            (_, out, error) -> (int) Handles.OPEN.invokeExact(connection.handle(), out, error)));
  }

  /** In the memory of the connection's GPU; the host must not look at its {@link #word}. */
  public static NativePortSemaphore openOnDevice(NativePortConnection connection) {
    return new NativePortSemaphore(
        NativeCall.open(
            (_, out, error) ->
                (int) Handles.OPEN_ON_DEVICE.invokeExact(connection.handle(), out, error)));
  }

  long handle() {
    return handle;
  }

  /** What the peer's {@link #join} wants. */
  public byte[] bytes() {
    return NativeCall.bytes(
        (out, capacity) -> (int) Handles.BYTES.invokeExact(handle, out, capacity));
  }

  /** Signals have a destination from now on; blocks up to {@code timeoutNanos}. */
  public void join(byte[] peer, long timeoutNanos) {
    NativeCall.check(
        (arena, error) -> {
          long bytes = NativeCall.copy(arena, peer);
          return (int) Handles.JOIN.invokeExact(handle, bytes, peer.length, timeoutNanos, error);
        });
  }

  /**
   * The {@code hawser_port_word}, which {@link #close} frees.
   *
   * @param scope ends before, and with it all access to the segment
   */
  @SuppressWarnings("restricted") // this package is the home of native access
  public MemorySegment word(Arena scope) {
    try {
      return NativeMemory.at((long) Handles.WORD.invokeExact(handle), PortLayouts.WORD.byteSize())
          .reinterpret(scope, null);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Blocks until the word's value is {@code expected} or more, at most {@code timeoutNanos}. One
   * thread at a time.
   *
   * @return false when the time was over
   */
  public boolean await(long expected, long timeoutNanos) {
    return NativeCall.taken(
        (_, error) -> (int) Handles.WAIT.invokeExact(handle, expected, timeoutNanos, 0L, error));
  }

  public void close() {
    NativeCall.run(Handles.CLOSE, handle);
  }

  private static final class Handles {
    static final MethodHandle OPEN =
        Downcall.of("hawser_semaphore_open", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle OPEN_ON_DEVICE =
        Downcall.of("hawser_semaphore_open_on_device", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle BYTES =
        Downcall.of("hawser_semaphore_bytes", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle JOIN =
        Downcall.of(
            "hawser_semaphore_join",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle WORD = Downcall.of("hawser_semaphore_word", JAVA_LONG, JAVA_LONG);
    static final MethodHandle WAIT =
        Downcall.of(
            "hawser_semaphore_wait",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_semaphore_close", JAVA_LONG);
  }
}
