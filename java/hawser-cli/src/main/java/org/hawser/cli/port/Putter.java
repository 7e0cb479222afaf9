package org.hawser.cli.port;

import java.lang.foreign.MemorySegment;

/**
 * What puts in the example, and the memory that it puts from and into: two halves of a put's
 * length, of which rank n owns the n-th.
 */
interface Putter {
  /** How the host sees the memory. */
  MemorySegment memory();

  /** What the host has written there is what is put from now on. */
  void publish(long offset, long bytes);

  /** What was put there is what the host reads from now on. */
  void fetch(long offset, long bytes);

  /**
   * Both ranks say that they are ready; then, so many times, they put {@code bytes} with a signal,
   * and wait for the other's, which says that the peer is ready for the next.
   *
   * @return nanoseconds of the puts
   */
  long put(long bytes, int iterations);

  /** Waits until nothing reads the own half any more. */
  void settle();
}
