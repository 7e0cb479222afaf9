package org.hawser.cli.perf;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.hawser.ByteSize;
import org.hawser.cli.common.LaneShare;
import org.hawser.lane.LaneStatistics;
import org.hawser.lane.Link;

/** What people see: a line a size, and a bar a lane. */
final class PerfTable {
  private PerfTable() {}

  /** The result of one size. */
  static String row(PerfResult result) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s %s%s, %d in flight: %.2f Gbit/s, p50 %.1f us, p99 %.1f us, CPU %.2f s in %.2f s, %s",
            result.op(),
            ByteSize.format(result.bytes()),
            result.memory().equals("host") ? "" : " of " + result.memory(),
            result.window(),
            result.gbitPerS(),
            result.p50Us(),
            result.p99Us(),
            result.cpuSeconds(),
            result.seconds(),
            result.verified() ? "verified" : "WRONG: " + result.wrong()));
    lines.addAll(LaneShare.lines(result.lanes(), result.seconds()));
    return String.join(System.lineSeparator(), lines);
  }

  /** What the lanes carry now, from one call to the next. */
  static Supplier<List<String>> live(Link link, Plan plan) {
    return new Supplier<>() {
      private List<LaneStatistics> before = link.lanes();
      private long since = System.nanoTime();

      @Override
      public List<String> get() {
        List<LaneStatistics> after = link.lanes();
        long now = System.nanoTime();
        List<String> lines = new ArrayList<>();
        lines.add("%s %s ...".formatted(plan.op(), ByteSize.format(plan.bytes())));
        lines.addAll(LaneShare.lines(LaneShare.both(before, after), (now - since) / 1e9));
        before = after;
        since = now;
        return lines;
      }
    };
  }
}
