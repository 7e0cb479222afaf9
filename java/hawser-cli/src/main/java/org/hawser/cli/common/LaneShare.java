package org.hawser.cli.common;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.hawser.lane.LaneStatistics;

/**
 * What one lane carried in some stretch of time.
 *
 * @param bytes of payload
 * @param alive whether the lane was, at the end
 */
public record LaneShare(String device, long bytes, boolean alive) {
  private static final int BAR_WIDTH = 32;

  /** What left this end between two looks at a link. */
  public static List<LaneShare> sent(List<LaneStatistics> before, List<LaneStatistics> after) {
    return between(before, after, true, false);
  }

  /** What came to this end between two looks at a link. */
  public static List<LaneShare> received(List<LaneStatistics> before, List<LaneStatistics> after) {
    return between(before, after, false, true);
  }

  /** Both directions together. */
  public static List<LaneShare> both(List<LaneStatistics> before, List<LaneStatistics> after) {
    return between(before, after, true, true);
  }

  private static List<LaneShare> between(
      List<LaneStatistics> before, List<LaneStatistics> after, boolean sent, boolean received) {
    List<LaneShare> shares = new ArrayList<>();
    for (LaneStatistics end : after) {
      LaneStatistics start = before.get(end.lane());
      long out = sent ? end.sentBytes() - start.sentBytes() : 0;
      long in = received ? end.receivedBytes() - start.receivedBytes() : 0;
      shares.add(new LaneShare(end.device(), out + in, end.alive()));
    }
    return shares;
  }

  /** What a lane of a link has carried from this end. */
  public static LaneShare sentSoFar(LaneStatistics lane) {
    return new LaneShare(lane.device(), lane.sentBytes(), lane.alive());
  }

  /** What lies between two looks at the same lanes. */
  public static List<LaneShare> difference(List<LaneShare> before, List<LaneShare> after) {
    return combined(before, after, -1);
  }

  /** What the same lanes of two parties or links carried together. */
  public static List<LaneShare> sum(List<LaneShare> one, List<LaneShare> other) {
    return combined(one, other, 1);
  }

  private static List<LaneShare> combined(List<LaneShare> first, List<LaneShare> then, int sign) {
    List<LaneShare> shares = new ArrayList<>();
    for (int lane = 0; lane < then.size(); lane++) {
      LaneShare one = first.get(lane);
      LaneShare other = then.get(lane);
      shares.add(
          new LaneShare(other.device, other.bytes + sign * one.bytes, one.alive && other.alive));
    }
    return shares;
  }

  /** A line with a bar for each lane. */
  public static List<String> lines(List<LaneShare> shares, double seconds) {
    long sum = shares.stream().mapToLong(LaneShare::bytes).sum();
    return shares.stream()
        .map(lane -> lane.line(sum == 0 ? 0 : (double) lane.bytes / sum, seconds))
        .toList();
  }

  private String line(double share, double seconds) {
    return String.format(
        Locale.ROOT,
        "  %-15s %s %5.1f %%  %6.2f Gbit/s%s",
        device,
        Bar.of(share, BAR_WIDTH),
        100 * share,
        seconds > 0 ? bytes * 8 / seconds / 1e9 : 0,
        alive ? "" : "  lost");
  }
}
