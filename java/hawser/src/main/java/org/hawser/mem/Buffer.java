package org.hawser.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeMemory;

/**
 * Zeroed, page-aligned memory outside the heap, the owner of its segment. Any thread may use and
 * close it.
 *
 * <p>Closing ends the segment's life at once: no Java access gets through any more, and no new
 * transfer takes it. The pages go back to the kernel when the last transfer that was under way with
 * them has ended, so closing early is safe and never blocks. The kernel provides memory as it is
 * touched.
 */
public final class Buffer implements AutoCloseable {
  private final Arena arena;
  private final MemorySegment segment;

  private Buffer(Arena arena, MemorySegment segment) {
    this.arena = arena;
    this.segment = segment;
  }

  /**
   * Maps a new buffer.
   *
   * @param bytes its size, 1 or more
   * @throws HawserException INVALID_ARGUMENT for a size below 1, OUT_OF_MEMORY when the kernel
   *     refuses
   */
  public static Buffer allocate(long bytes) {
    return allocate(bytes, NativeMemory::map, address -> NativeMemory.unmap(address, bytes));
  }

  /**
   * As {@link #allocate(long)}, of memory that other processes of this host can map: what ports
   * need for a destination of the transport Memory. A peer that has it mapped keeps its pages.
   */
  public static Buffer allocateShared(long bytes) {
    return allocate(bytes, NativeMemory::mapShared, NativeMemory::freeShared);
  }

  /** How memory comes about, for an arena that tells its address when it ends. */
  @FunctionalInterface
  private interface Mapping {
    MemorySegment map(long bytes, Arena arena, LongConsumer release);
  }

  private static Buffer allocate(long bytes, Mapping mapping, LongConsumer free) {
    if (bytes < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a buffer has 1 byte or more, not " + bytes);
    }
    Arena arena = Arena.ofShared();
    try {
      LongConsumer release =
          address -> MemoryUsers.free(address, bytes, () -> free.accept(address));
      return new Buffer(arena, mapping.map(bytes, arena, release));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** The whole of it, alive until {@link #close}. */
  public MemorySegment segment() {
    return segment;
  }

  public long bytes() {
    return segment.byteSize();
  }

  /** Does nothing when it is closed already. */
  @Override
  public void close() {
    synchronized (arena) {
      if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }
}
