package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.LongConsumer;

/**
 * The GPUs of {@code hawser_mem.h} and {@code hawser_port.h}. Any thread may call. All throw
 * UNSUPPORTED, with the reason, where CUDA cannot be used.
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
   * Zeroed host memory that stays where it is, for GPUs to copy from and to.
   *
   * @param arena bounds the segment's life; once it is closed no Java access gets through
   * @param release is told the address when the arena is closed; it frees by {@link #freePinned}
   */
  @SuppressWarnings("restricted") // this package is the home of native access
  public static MemorySegment mapPinned(long bytes, Arena arena, LongConsumer release) {
    HawserLibrary.require();
    long address =
        NativeCall.open(
            (_, out, error) -> (int) Handles.PINNED_ALLOCATE.invokeExact(bytes, out, error));
    return MemorySegment.ofAddress(address)
        .reinterpret(bytes, arena, segment -> release.accept(segment.address()));
  }

  public static void freePinned(long address) {
    NativeCall.run(Handles.PINNED_FREE, address);
  }

  /** A descriptor, which is the caller's, and where in its pages the memory begins. */
  public record Exported(int fd, long offset) {}

  /** Lends memory of a GPU out by a DMA-BUF. */
  public static Exported exportDmaBuf(long address, long bytes) {
    var exported = new Exported[1];
    NativeCall.check(
        (arena, error) -> {
          MemorySegment fd = arena.allocate(JAVA_INT);
          MemorySegment offset = arena.allocate(JAVA_LONG);
          int result =
              (int)
                  Handles.EXPORT.invokeExact(address, bytes, fd.address(), offset.address(), error);
          exported[0] = new Exported(fd.get(JAVA_INT, 0), offset.get(JAVA_LONG, 0));
          return result;
        });
    return exported[0];
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
    static final MethodHandle PINNED_ALLOCATE =
        Downcall.of("hawser_pinned_allocate", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PINNED_FREE = Downcall.ofVoid("hawser_pinned_free", JAVA_LONG);
    static final MethodHandle EXPORT =
        Downcall.of(
            "hawser_cuda_export_dmabuf",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
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
