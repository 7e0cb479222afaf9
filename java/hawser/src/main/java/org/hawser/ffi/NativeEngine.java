package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_CHAR;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.HawserException;

/**
 * A {@code hawser_engine}. Methods marked driver need the driver role; the others any thread may
 * call, until {@link #close}. The caller sees to both, and to it that no call is under way when the
 * engine is closed.
 */
public final class NativeEngine {
  private final long handle;
  // The driver's own, so that a round allocates nothing; freed with this object.
  private final NativeError roundError = new NativeError(Arena.ofAuto());
  private final long roundErrorAddress = roundError.address();

  private NativeEngine(long handle) {
    this.handle = handle;
  }

  /**
   * Opens an engine.
   *
   * @throws HawserException when the library cannot be used, or the native side refuses the
   *     configuration
   */
  public static NativeEngine open(NativeConfig config) {
    HawserLibrary.require();
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment out = arena.allocate(JAVA_LONG);
      long from = config.write(arena).address();
      error.check((int) Handles.OPEN.invokeExact(from, out.address(), error.address()));
      NativeStat.activate();
      return new NativeEngine(out.get(JAVA_LONG, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    } finally {
      config.keepIdentity();
    }
  }

  /** The {@code hawser_engine_shared}, which {@link #close} frees. */
  public MemorySegment memory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(JAVA_LONG);
      long address = (long) Handles.MEMORY.invokeExact(handle, bytes.address());
      return NativeMemory.at(address, bytes.get(JAVA_LONG, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The number of lanes chosen. */
  public int lanes() {
    try {
      return (int) Handles.LANES.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Driver; blocks up to {@code timeoutNanos} (below 0: until something happens), of which it polls
   * the first {@code spinNanos}.
   *
   * @return the number of events to read, above 0 too when a lane has room
   * @throws HawserException when the engine itself is broken
   */
  public int progress(long timeoutNanos, long spinNanos) {
    int result;
    try {
      result =
          (int) Handles.PROGRESS.invokeExact(handle, timeoutNanos, spinNanos, roundErrorAddress);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
    return roundError.check(result);
  }

  /** Ends the present or the next sleep of the driver. */
  public void wake() {
    try {
      Handles.WAKE.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Driver, for the last time: frees the engine and its shared memory. */
  public void close() {
    try {
      Handles.CLOSE.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Listens at {@code port} (0: a free one) of {@code bindAddress} (null: all addresses).
   *
   * @throws HawserException when the address cannot be bound
   */
  public NativeListener listen(String bindAddress, int port) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment out = arena.allocate(JAVA_LONG);
      long address = NativeMemory.text(arena, bindAddress);
      error.check(
          (int)
              Handles.LISTEN.invokeExact(
                  handle, address, (char) port, out.address(), error.address()));
      return new NativeListener(out.get(JAVA_LONG, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /**
   * Connects all lanes; blocks up to {@code timeoutNanos}.
   *
   * @throws HawserException when the peer is not reached, or refuses
   */
  public NativeLink connect(String host, int port, long timeoutNanos) {
    try (Arena arena = Arena.ofConfined()) {
      var error = new NativeError(arena);
      MemorySegment out = arena.allocate(JAVA_LONG);
      long name = NativeMemory.text(arena, host);
      error.check(
          (int)
              Handles.CONNECT.invokeExact(
                  handle, name, (char) port, timeoutNanos, out.address(), error.address()));
      return new NativeLink(out.get(JAVA_LONG, 0));
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  private static final class Handles {
    static final MethodHandle OPEN =
        Downcall.of("hawser_engine_open", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle MEMORY =
        Downcall.of("hawser_engine_memory", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle LANES = Downcall.of("hawser_engine_lanes", JAVA_INT, JAVA_LONG);
    static final MethodHandle PROGRESS =
        Downcall.of("hawser_engine_progress", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle WAKE = Downcall.leafVoid("hawser_engine_wake", JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_engine_close", JAVA_LONG);
    static final MethodHandle LISTEN =
        Downcall.of(
            "hawser_listen", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_CHAR, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CONNECT =
        Downcall.of(
            "hawser_connect",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_CHAR,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
  }
}
