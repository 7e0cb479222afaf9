package org.hawser.cli.perf;

/**
 * The measured part of a stream of messages.
 *
 * @param messages acknowledged by the receiver
 * @param longestStallMs the longest time between two of them
 */
public record Stretch(long messages, double seconds, double longestStallMs) {
  double gbitPerS(long bytes) {
    return seconds == 0 ? 0 : messages * bytes * 8 / seconds / 1e9;
  }
}
