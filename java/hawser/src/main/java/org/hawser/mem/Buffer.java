package org.hawser.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    if (bytes < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a buffer has 1 byte or more, not " + bytes);
    }
    Arena arena = Arena.ofShared();
    try {
      return new Buffer(
          arena, NativeMemory.map(bytes, arena, address -> MemoryUsers.unmap(address, bytes)));
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
