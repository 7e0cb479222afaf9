package org.hawser.cli.perf;

import java.io.PrintWriter;
import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;

/** Accepts clients and serves each on a thread of its own. */
final class PerfListener {
  private static final Duration LOOK_UP = Duration.ofMinutes(1);

  private final Lanes lanes;
  private final LaneServer server;
  private final PrintWriter err;

  PerfListener(Lanes lanes, LaneServer server, PrintWriter err) {
    this.lanes = lanes;
    this.server = server;
    this.err = err;
  }

  /**
   * Serves for as long as the process lives, or one client.
   *
   * @return the exit code
   */
  int run(boolean once) {
    while (true) {
      Link link;
      try {
        link = server.accept(LOOK_UP);
      } catch (HawserException e) {
        if (e.code() == ErrorCode.TIMEOUT) {
          continue;
        }
        throw e;
      }
      if (once) {
        return serve(link) ? 0 : 1;
      }
      Thread.ofPlatform().daemon().name("hawser-client").start(() -> serve(link));
    }
  }

  private boolean serve(Link link) {
    try (link) {
      PerfServer.serve(lanes, link);
      return true;
    } catch (RuntimeException e) {
      err.println("hawser: " + (e instanceof HawserException ? e.getMessage() : e.toString()));
      return false;
    }
  }
}
