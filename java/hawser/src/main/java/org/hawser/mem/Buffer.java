package org.hawser.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;
import org.hawser.HawserException;
import org.hawser.ffi.NativeCuda;
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
public final class Buffer implements Memory {
  private final Kind kind;
  private final Arena arena;
  private final MemorySegment segment;

  private Buffer(Kind kind, Arena arena, MemorySegment segment) {
    this.kind = kind;
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
    return allocate(
        Kind.HOST, bytes, NativeMemory::map, address -> NativeMemory.unmap(address, bytes));
  }

  /**
   * As {@link #allocate(long)}, of memory that other processes of this host can map: what ports
   * need for a destination of the transport Memory. A peer that has it mapped keeps its pages.
   */
  public static Buffer allocateShared(long bytes) {
    return allocate(Kind.HOST, bytes, NativeMemory::mapShared, NativeMemory::freeShared);
  }

  /**
   * As {@link #allocate(long)}, of memory that stays where it is, so that every GPU reads and
   * writes it by itself: what is copied between it and a {@link DeviceBuffer} needs no detour, and
   * lanes take it as they take any memory of the host.
   *
   * @throws HawserException as {@link #allocate(long)}, and UNSUPPORTED where there is no GPU
   */
  public static Buffer allocatePinned(long bytes) {
    return allocate(Kind.PINNED, bytes, NativeCuda::mapPinned, NativeCuda::freePinned);
  }

  /** How memory comes about, for an arena that tells its address when it ends. */
  @FunctionalInterface
  private interface Mapping {
    MemorySegment map(long bytes, Arena arena, LongConsumer release);
  }

  private static Buffer allocate(Kind kind, long bytes, Mapping mapping, LongConsumer free) {
    Extents.requireSize("a buffer", bytes);
    Arena arena = Arena.ofShared();
    try {
      LongConsumer release =
          address -> MemoryUsers.free(address, bytes, () -> free.accept(address));
      return new Buffer(kind, arena, mapping.map(bytes, arena, release));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** The whole of it, alive until {@link #close}. */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public long bytes() {
    return segment.byteSize();
  }

  @Override
  public long address() {
    Extents.requireOpen(this);
    return segment.address();
  }

  @Override
  public boolean isOpen() {
    return segment.scope().isAlive();
  }

  @Override
  public void write(long offset, MemorySegment from) {
    Extents.requireCopy(this, offset, from);
    MemorySegment.copy(from, 0, segment, offset, from.byteSize());
  }

  @Override
  public void read(long offset, MemorySegment to) {
    Extents.requireCopy(this, offset, to);
    MemorySegment.copy(segment, offset, to, 0, to.byteSize());
  }

  @Override
  public void close() {
    synchronized (arena) {
      if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }

  @Override
  public String toString() {
    return "a buffer of %d bytes".formatted(bytes());
  }
}
