package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The GPUs of {@code hawser_port.h}. Any thread may call. All throw UNSUPPORTED, with the reason,
 * where CUDA cannot be used.
 */
public final class NativeCuda {
  private NativeCuda() {}

  /** How many GPUs there are. */
  public static int devices() {
    HawserLibrary.require();
    int[] count = new int[1];
    NativeCall.check(
        (arena, error) -> {
          MemorySegment out = arena.allocate(JAVA_INT);
          int result = (int) Handles.DEVICES.invokeExact(out.address(), error);
          count[0] = out.get(JAVA_INT, 0);
          return result;
        });
    return count[0];
  }

  /** The address of zeroed memory of a GPU, until {@link #free}. */
  public static long allocate(int gpu, long bytes) {
    HawserLibrary.require();
    return NativeCall.open(
        (_, out, error) -> (int) Handles.ALLOCATE.invokeExact(gpu, bytes, out, error));
  }

  public static void free(long address) {
    NativeCall.run(Handles.FREE, address);
  }

  /** Copies between any two memories of GPUs and the host; blocks until it is done. */
  public static void copy(int gpu, long to, long from, long bytes) {
    NativeCall.check((_, error) -> (int) Handles.COPY.invokeExact(gpu, to, from, bytes, error));
  }

  /**
   * Runs the example's kernel, to its end or the timeout.
   *
   * @param channel a {@code hawser_port_device_channel}
   * @return the nanoseconds that it ran
   */
  public static long bidirectionalPut(
      int gpu, MemorySegment channel, int rank, long bytes, int iterations, long timeoutNanos) {
    return NativeCall.open(
        (_, elapsed, error) ->
            (int)
                Handles.BIDIR_PUT.invokeExact(
                    gpu, channel.address(), rank, bytes, iterations, timeoutNanos, elapsed, error));
  }

  private static final class Handles {
    static final MethodHandle DEVICES =
        Downcall.of("hawser_cuda_devices", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle ALLOCATE =
        Downcall.of("hawser_cuda_allocate", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle FREE = Downcall.ofVoid("hawser_cuda_free", JAVA_LONG);
    static final MethodHandle COPY =
        Downcall.of(
            "hawser_cuda_copy", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle BIDIR_PUT =
        Downcall.of(
            "hawser_cuda_bidir_put",
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
  }
}
