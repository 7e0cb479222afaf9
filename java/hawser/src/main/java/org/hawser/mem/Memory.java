package org.hawser.mem;

import java.lang.foreign.MemorySegment;

/**
 * Memory that transfers move, with its owner and its life. Any thread may use and close it.
 *
 * <p>Closing ends its life at once for whoever comes later; the memory itself goes back when the
 * last transfer or registration of a link that was under way with it has ended.
 */
public sealed interface Memory extends AutoCloseable permits Buffer, DeviceBuffer {
  /** Where memory lies. */
  enum Kind {
    /** Pages of the host. */
    HOST,
    /**
     * Pages of the host that stay where they are, so that GPUs copy from and to them by themselves.
     */
    PINNED,
    /** A GPU's own. */
    DEVICE
  }

  Kind kind();

  long bytes();

  /**
   * Of the host's or the GPU's address space.
   *
   * @throws org.hawser.HawserException CLOSED when it is closed
   */
  long address();

  boolean isOpen();

  /**
   * Copies from host memory to {@code offset} on; blocks until it is done.
   *
   * @throws org.hawser.HawserException INVALID_ARGUMENT for memory on the heap or beyond either
   *     end, CLOSED when it is closed
   */
  void write(long offset, MemorySegment from);

  /** Copies from {@code offset} on to host memory; otherwise as {@link #write}. */
  void read(long offset, MemorySegment to);

  /** Does nothing when it is closed already. */
  @Override
  void close();
}
