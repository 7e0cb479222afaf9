package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.ErrorCode;

/** A {@code hawser_unpacker}. One thread at a time may call. */
public final class NativeUnpacker {
  private static final int DONE = 1;

  private final long handle;

  private NativeUnpacker(long handle) {
    this.handle = handle;
  }

  /**
   * @param executor a {@code hawser_unpack_executor}
   * @param threads of the host, the caller's among them; 0 for all cores
   */
  public static NativeUnpacker open(int executor, int gpu, int threads) {
    HawserLibrary.require();
    return new NativeUnpacker(
        NativeCall.open(
            (_, out, error) -> (int) Handles.OPEN.invokeExact(executor, gpu, threads, out, error)));
  }

  /**
   * Starts a batch of the first {@code count} descriptors; blocks up to {@code timeoutNanos} while
   * too many are under way.
   *
   * @return its ticket
   */
  public long start(
      MemorySegment descriptors,
      int count,
      long source,
      long sourceBytes,
      long destination,
      long destinationBytes,
      long timeoutNanos) {
    return NativeCall.open(
        (arena, out, error) -> {
          MemorySegment batch = arena.allocate(MemLayouts.UNPACK_BATCH);
          set(batch, "descriptors", descriptors.address());
          set(batch, "source", source);
          set(batch, "destination", destination);
          set(batch, "source_bytes", sourceBytes);
          set(batch, "destination_bytes", destinationBytes);
          batch.set(JAVA_INT, Layouts.offset(MemLayouts.UNPACK_BATCH, "count"), count);
          return (int) Handles.START.invokeExact(handle, batch.address(), timeoutNanos, out, error);
        });
  }

  private static void set(MemorySegment batch, String field, long value) {
    batch.set(JAVA_LONG, Layouts.offset(MemLayouts.UNPACK_BATCH, field), value);
  }

  /** As {@link #start}, of one plain copy. */
  public long plainCopy(long to, long from, long bytes, long timeoutNanos) {
    return NativeCall.open(
        (_, out, error) ->
            (int)
                Handles.PLAIN_COPY.invokeExact(handle, to, from, bytes, timeoutNanos, out, error));
  }

  /** Whether the batch and all before it have completed; throws when one of them failed. */
  public boolean completed(long ticket) {
    return NativeCall.check(
            (_, error) -> (int) Handles.COMPLETED.invokeExact(handle, ticket, error))
        == DONE;
  }

  /**
   * Blocks until they have, at most {@code timeoutNanos}.
   *
   * @throws org.hawser.HawserException ({@link ErrorCode#TIMEOUT}) when the time was over
   */
  public void await(long ticket, long timeoutNanos) {
    NativeCall.check(
        (_, error) -> (int) Handles.WAIT.invokeExact(handle, ticket, timeoutNanos, error));
  }

  public void close() {
    NativeCall.run(Handles.CLOSE, handle);
  }

  private static final class Handles {
    static final MethodHandle OPEN =
        Downcall.of(
            "hawser_unpacker_open", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle START =
        Downcall.of(
            "hawser_unpack_start", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PLAIN_COPY =
        Downcall.of(
            "hawser_unpack_plain_copy",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle COMPLETED =
        Downcall.of("hawser_unpack_completed", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle WAIT =
        Downcall.of("hawser_unpack_wait", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_unpacker_close", JAVA_LONG);
  }
}
