package org.hawser.cli.simp;

import java.util.Arrays;
import java.util.Locale;

/**
 * What {@code hawser simp bench --json} prints for an operation.
 *
 * @param p50Us of one operation; of a graph's, an equal part of the graph's time
 */
record BenchResult(
    String op, DriverKind driver, int workers, double p50Us, double p99Us, double opsPerS) {
  /**
   * @param nanos of each run
   * @param count of them
   */
  static BenchResult of(BenchOp op, DriverKind driver, int workers, long[] nanos, int count) {
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    double perStep = 1e-3 / op.steps();
    return new BenchResult(
        op.label(),
        driver,
        workers,
        rounded(sorted[count / 2] * perStep),
        rounded(sorted[(int) (count * 0.99)] * perStep),
        rounded(count * op.steps() / (Arrays.stream(sorted).sum() / 1e9)));
  }

  private static double rounded(double value) {
    return Math.round(value * 10) / 10.0;
  }

  /** For people. */
  String line() {
    return String.format(
        Locale.ROOT,
        "%-5s %d workers  %-15s p50 %10.1f us  p99 %10.1f us  %10.1f a second",
        driver,
        workers,
        op,
        p50Us,
        p99Us,
        opsPerS);
  }
}
