package org.hawser.chaos;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One measure of one process, a value a second. One thread writes it, and reads it when that is
 * over.
 *
 * @see #trend() what makes it flat
 */
final class Series {
  private static final int WINDOWS = 30;
  private static final double SECONDS_PER_HOUR = 3600;

  /** What is measured, and how much more of it there may be at the end than at the beginning. */
  enum Measure {
    MEMORY("memory, MiB", 1 << 20, 16),
    HEAP("live heap, MiB", 1 << 20, 4),
    THREADS("threads", 1, 2),
    DESCRIPTORS("descriptors", 1, 2);

    final String title;
    final double unit;
    final double mostGrowth;

    Measure(String title, double unit, double mostGrowth) {
      this.title = title;
      this.unit = unit;
      this.mostGrowth = mostGrowth;
    }
  }

  final String process;
  final Measure measure;
  private double[] values = new double[64];
  private int count;

  Series(String process, Measure measure) {
    this.process = process;
    this.measure = measure;
  }

  void add(long value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value / measure.unit;
  }

  double[] values() {
    return Arrays.copyOf(values, count);
  }

  /**
   * The least-squares slope an hour, in units of the measure, of what there is at least in each
   * thirtieth of the run, the first third left out: compilers and pools fill up in it. The work
   * opens and closes all the time; what is not given back raises the least that there is.
   */
  double trend() {
    int width = Math.max(1, count / WINDOWS);
    int first = count / width / 3;
    double[] least = new double[count / width - first];
    for (int i = 0; i < least.length; i++) {
      int from = (first + i) * width;
      least[i] = Arrays.stream(values, from, from + width).min().orElseThrow();
    }
    double meanTime = (least.length - 1) / 2.0;
    double mean = Arrays.stream(least).average().orElse(0);
    double above = 0;
    double below = 0;
    for (int i = 0; i < least.length; i++) {
      above += (i - meanTime) * (least[i] - mean);
      below += (i - meanTime) * (i - meanTime);
    }
    return below == 0 ? 0 : above / below / width * SECONDS_PER_HOUR;
  }

  /** Whether the trend, over the time that it was taken from, stays within what is allowed. */
  boolean isFlat() {
    return trend() * count * 2 / 3 / SECONDS_PER_HOUR <= measure.mostGrowth;
  }

  Map<String, Object> told() {
    double[] all = values();
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("process", process);
    object.put("measure", measure.title);
    object.put("slope_per_hour", Math.round(trend() * 100) / 100.0);
    object.put("least", Math.round(Arrays.stream(all).min().orElse(0) * 10) / 10.0);
    object.put("most", Math.round(Arrays.stream(all).max().orElse(0) * 10) / 10.0);
    object.put("flat", isFlat());
    return object;
  }
}
