package org.hawser.cli.perf;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.HdrHistogram.Histogram;

/**
 * What a stream's measured part took: begun at one completed message, ended at another. Each
 * message in between costs one reading of the clock and no allocation.
 */
final class Clock {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** Significant digits: finer than any two runs agree. */
  private static final int DIGITS = 3;

  private final Histogram times = new Histogram(DIGITS);
  private final Runnable onEdge;
  private long begin;
  private long end;
  private long cpuBegin;
  private long cpuEnd;
  private long last;
  private long messages;
  private long longestGap;

  /**
   * @param onEdge runs when the measured part begins and when it ends
   */
  Clock(Runnable onEdge) {
    this.onEdge = onEdge;
    times.setAutoResize(true);
  }

  /** The measured part begins with the message that completed now. */
  void begin(long now) {
    cpuBegin = SYSTEM.getProcessCpuTime();
    onEdge.run();
    begin = now;
    last = now;
  }

  /** A message was completed that took so many nanoseconds. */
  void completed(long now, long nanos) {
    times.recordValue(Math.max(0, nanos));
    arrived(now);
  }

  /** A message arrived. */
  void arrived(long now) {
    messages++;
    longestGap = Math.max(longestGap, now - last);
    last = now;
  }

  /** The measured part ends with the message that was completed last. */
  void finish() {
    end = last;
    cpuEnd = SYSTEM.getProcessCpuTime();
    onEdge.run();
  }

  long nanosSince(long now) {
    return now - begin;
  }

  Stretch stretch() {
    return new Stretch(messages, (end - begin) / 1e9, longestGap / 1e6);
  }

  double cpuSeconds() {
    return (cpuEnd - cpuBegin) / 1e9;
  }

  double percentileUs(double percentile) {
    return times.getValueAtPercentile(percentile) / 1e3;
  }
}
