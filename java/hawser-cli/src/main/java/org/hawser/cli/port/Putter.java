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
   * So many times: both ranks say that they are ready, put {@code bytes} with a signal, and wait
   * for the other's.
   *
   * @return nanoseconds
   */
  long put(long bytes, int iterations);

  /** Waits until nothing reads the own half any more. */
  void settle();
}
