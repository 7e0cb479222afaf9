package org.hawser.cli.perf;

/**
 * The parts of a stream, in order; each message says in its header to which it belongs. Nothing
 * pauses between two of them.
 */
enum Phase {
  /** Not measured. */
  WARM_UP,
  /** Measured. */
  TIMED,
  /** One window of messages, after each of which the receiver clears its memory. */
  CLEAR,
  /** One window of messages, which must fill the cleared memory with the whole pattern. */
  PROOF;

  private static final Phase[] ALL = values();

  static Phase of(long header) {
    return ALL[(int) (header & 3)];
  }
}
