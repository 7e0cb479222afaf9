package org.hawser.comm;

import java.lang.foreign.MemorySegment;

/**
 * A message that was received, and its memory, which belongs to the receiver until {@link #close}.
 * The object may be used again for another message afterwards: keep no reference past that.
 */
public interface Message extends AutoCloseable {
  /** Where its bytes begin; meaningless when it has none. */
  long address();

  /** 0 and more. */
  long bytes();

  /** Its bytes, read-only, to be used before {@link #close}. */
  MemorySegment segment();

  /**
   * Gives the memory back to the communicator, or to the sender it came from. Never blocks. Does
   * nothing when called again at once.
   */
  @Override
  void close();
}
