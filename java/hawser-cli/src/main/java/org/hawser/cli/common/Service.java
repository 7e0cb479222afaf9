package org.hawser.cli.common;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Link;

/** Accepts clients, and serves each on a thread of its own. */
public final class Service {
  private static final Duration LOOK_UP = Duration.ofMinutes(1);

  private final LaneServer server;
  private final Consumer<Link> serve;
  private final PrintWriter err;

  /**
   * @param serve serves one client to its end, by several threads at once; what it throws is told
   *     in a line
   */
  public Service(LaneServer server, Consumer<Link> serve, PrintWriter err) {
    this.server = server;
    this.serve = serve;
    this.err = err;
  }

  /**
   * Serves for as long as the process lives, or one client on this thread.
   *
   * @return the exit code
   */
  public int run(boolean once) {
    while (true) {
      Optional<Link> link = accept();
      if (link.isPresent() && once) {
        return serve(link.get()) ? 0 : 1;
      }
      link.ifPresent(
          each -> Thread.ofPlatform().daemon().name("hawser-client").start(() -> serve(each)));
    }
  }

  private Optional<Link> accept() {
    try {
      return Optional.of(server.accept(LOOK_UP));
    } catch (HawserException e) {
      if (e.code() == ErrorCode.TIMEOUT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private boolean serve(Link link) {
    try (link) {
      serve.accept(link);
      return true;
    } catch (RuntimeException e) {
      err.println("hawser: " + (e instanceof HawserException ? e.getMessage() : e.toString()));
      return false;
    }
  }
}
