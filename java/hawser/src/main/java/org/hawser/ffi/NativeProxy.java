package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/**
 * A {@code hawser_proxy}. Any thread may call, until {@link #close}; the semaphores added outlive
 * it.
 */
public final class NativeProxy {
  private final long handle;

  NativeProxy(long handle) {
    this.handle = handle;
  }

  /** Returns the semaphore's number in this proxy. */
  public int addSemaphore(NativePortSemaphore semaphore) {
    return NativeCall.check(
        (_, error) -> (int) Handles.ADD_SEMAPHORE.invokeExact(handle, semaphore.handle(), error));
  }

  /** Returns the memory's number in this proxy. */
  public int addMemory(NativePortMemory memory) {
    return NativeCall.check(
        (_, error) -> (int) Handles.ADD_MEMORY.invokeExact(handle, memory.handle(), error));
  }

  /** A channel, which is freed with this. */
  public NativePortChannel channel(int semaphore, int destination, int source) {
    return new NativePortChannel(
        NativeCall.open(
            (_, out, error) ->
                (int)
                    Handles.CHANNEL.invokeExact(
                        handle, semaphore, destination, source, out, error)));
  }

  public void start() {
    NativeCall.check((_, error) -> (int) Handles.START.invokeExact(handle, error));
  }

  /** Blocks until what is in the FIFO was served, at most {@code timeoutNanos}. */
  public void stop(long timeoutNanos) {
    NativeCall.check((_, error) -> (int) Handles.STOP.invokeExact(handle, timeoutNanos, error));
  }

  public void close() {
    NativeCall.run(Handles.CLOSE, handle);
  }

  private static final class Handles {
    static final MethodHandle ADD_SEMAPHORE =
        Downcall.of("hawser_proxy_add_semaphore", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle ADD_MEMORY =
        Downcall.of("hawser_proxy_add_memory", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CHANNEL =
        Downcall.of(
            "hawser_proxy_channel",
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle START =
        Downcall.of("hawser_proxy_start", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle STOP =
        Downcall.of("hawser_proxy_stop", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_proxy_close", JAVA_LONG);
  }
}
