package org.hawser.cli.stat;

import java.util.stream.Stream;
import org.hawser.port.Transport;

/** How numbers and names of a file are told. */
final class Words {
  private static final String[] LINK_STATES = {"open", "closed by peer", "failed"};
  private static final String[] LANE_STATES = {"down", "up", "rejoining"};
  private static final String[] PORT_STATES = {"open", "failed", "closed"};
  private static final String[] EVENTS = {
    "link opened",
    "link closed",
    "closed by peer",
    "link failed",
    "lane lost",
    "lane back",
    "connect failed",
    "refused",
    "port opened",
    "port ended"
  };

  private Words() {}

  static String linkState(int number) {
    return name(LINK_STATES, number);
  }

  static String laneState(int number) {
    return name(LANE_STATES, number);
  }

  static String portState(int number) {
    return name(PORT_STATES, number);
  }

  static String transport(int number) {
    return Stream.of(Transport.values())
        .filter(transport -> transport.number() == number)
        .map(Transport::title)
        .findFirst()
        .orElse("unknown");
  }

  static String event(int number) {
    return name(EVENTS, number - 1);
  }

  private static String name(String[] names, int number) {
    return number >= 0 && number < names.length ? names[number] : "unknown";
  }

  /** {@code rank 3}, or what else it is. */
  static String rank(int rank, String otherwise) {
    return rank >= 0 ? "rank " + rank : otherwise;
  }

  static String bytes(long bytes) {
    String[] units = {"", "K", "M", "G", "T", "P", "E"};
    double value = Math.max(bytes, 0);
    int unit = 0;
    while (value >= 1024) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? "%.0f".formatted(value) : "%.1f%s".formatted(value, units[unit]);
  }
}
