package org.hawser.cli.perf;

import org.hawser.lane.WaitMode;

/**
 * What the client wants to do next, told to the server.
 *
 * @param version of this talk; both ends must have the same
 * @param bytes a message
 * @param memory what {@link MemoryChoice#parse} reads
 * @param window messages in flight
 * @param seconds measured, after {@code warmUpSeconds}
 */
public record Plan(
    int version,
    Operation op,
    long bytes,
    int window,
    double seconds,
    double warmUpSeconds,
    WaitMode waitMode,
    String memory) {
  static final int VERSION = 2;

  /** Memory for each direction. */
  long bufferBytes() {
    return Math.multiplyExact(bytes, window);
  }
}
