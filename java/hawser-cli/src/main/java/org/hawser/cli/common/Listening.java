package org.hawser.cli.common;

import java.io.PrintWriter;
import java.util.List;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;

/** The first line of a command that listens. */
public record Listening(int port, List<String> lanes) {
  /** Says where it listens, as JSON or for people. */
  public static void announce(PrintWriter out, boolean json, Lanes lanes, LaneServer server) {
    List<String> devices =
        Lanes.devices(lanes.options().lanes()).stream()
            .filter(device -> device.lane() >= 0)
            .sorted((one, other) -> Integer.compare(one.lane(), other.lane()))
            .map(device -> device.name() + " " + device.address())
            .toList();
    if (json) {
      out.println(Json.write(new Listening(server.port(), devices)));
    } else {
      out.printf(
          "listening at port %d, %d lanes over %s%s%n",
          server.port(),
          lanes.count(),
          String.join(", ", devices),
          lanes.options().protection().isLocal()
              ? ", for this machine alone: for others give --identity, or say --insecure"
              : "");
    }
    out.flush();
  }
}
