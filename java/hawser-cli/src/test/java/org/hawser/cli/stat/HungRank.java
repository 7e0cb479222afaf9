package org.hawser.cli.stat;

import java.time.Duration;
import org.hawser.comm.LaneCommunicator;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.Lanes;
import org.hawser.launch.Launch;

/** A rank that waits for a message of the other one, which never comes. */
public final class HungRank {
  private HungRank() {}

  public static void main(String[] arguments) {
    var limit = Duration.ofSeconds(300);
    try (var launch = Launch.detect().orElseThrow();
        var lanes = Lanes.open(LaneOptions.fromEnvironment().withRank(launch.rank()));
        var communicator = LaneCommunicator.join(launch, lanes, limit)) {
      System.out.println("joined");
      communicator.recv(1 - launch.rank(), "grad/3", limit);
    }
  }
}
