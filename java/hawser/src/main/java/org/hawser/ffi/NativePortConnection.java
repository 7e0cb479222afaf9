package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.HawserException;

/** A {@code hawser_port_connection}. Any thread may call, until {@link #close}. */
public final class NativePortConnection {
  private final long handle;

  NativePortConnection(long handle) {
    this.handle = handle;
  }

  long handle() {
    return handle;
  }

  /** The {@code hawser_port_connection_shared}, which {@link #close} frees. */
  public MemorySegment memory() {
    try {
      return NativeMemory.at(
          (long) Handles.MEMORY.invokeExact(handle), PortLayouts.CONNECTION.byteSize());
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** The peer's rank, -1 when it has none. */
  public int peer() {
    try {
      return (int) Handles.PEER.invokeExact(handle);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** Why it has failed. */
  public HawserException error() {
    return NativeCall.failure((_, error) -> (int) Handles.ERROR.invokeExact(handle, error));
  }

  /** False when too much is queued, and nothing has been done. */
  public boolean put(
      NativePortMemory destination,
      long destinationOffset,
      NativePortMemory source,
      long sourceOffset,
      long bytes) {
    return NativeCall.taken(
        (_, error) ->
            (int)
                Handles.PUT.invokeExact(
                    handle,
                    destination.handle(),
                    destinationOffset,
                    source.handle(),
                    sourceOffset,
                    bytes,
                    error));
  }

  /** False when too much is queued, and nothing has been done. */
  public boolean signal(NativePortSemaphore semaphore) {
    return NativeCall.taken(
        (_, error) -> (int) Handles.SIGNAL.invokeExact(handle, semaphore.handle(), error));
  }

  /** Blocks up to {@code timeoutNanos}; false when the time was over. */
  public boolean flush(long timeoutNanos) {
    return NativeCall.taken(
        (_, error) -> (int) Handles.FLUSH.invokeExact(handle, timeoutNanos, error));
  }

  /** Ends it for both sides; who waits on it wakes. It is still to be closed. */
  public void shut() {
    NativeCall.run(Handles.SHUT, handle);
  }

  /** Frees it. Semaphores on it are closed before. */
  public void close() {
    NativeCall.run(Handles.CLOSE, handle);
  }

  private static final class Handles {
    static final MethodHandle MEMORY =
        Downcall.of("hawser_connection_memory", JAVA_LONG, JAVA_LONG);
    static final MethodHandle PEER = Downcall.of("hawser_connection_peer", JAVA_INT, JAVA_LONG);
    static final MethodHandle ERROR =
        Downcall.of("hawser_connection_error", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PUT =
        Downcall.of(
            "hawser_connection_put",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle SIGNAL =
        Downcall.of("hawser_connection_signal", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle FLUSH =
        Downcall.of("hawser_connection_flush", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle SHUT = Downcall.ofVoid("hawser_connection_shut", JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_connection_close", JAVA_LONG);
  }
}
