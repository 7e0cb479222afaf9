package org.hawser.cli.common;

import java.util.function.BiConsumer;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that listen for links, and the listening. */
public final class ServerArguments {
  @Mixin private Lifeline lifeline;

  @Option(names = "--bind", paramLabel = "ADDR", description = "Listen at this address only.")
  private String bind;

  @Option(
      names = "--port",
      defaultValue = "12347",
      description = "Listen at this port (default ${DEFAULT-VALUE}; 0: a free one).")
  private int port;

  @Option(names = "--once", description = "End after one client.")
  private boolean once;

  /** Whether only one client is served. */
  public boolean once() {
    return once;
  }

  /**
   * Listens, says where at the command's output, and serves as {@link Service} does.
   *
   * @param json whether it says so in JSON
   * @return the exit code
   */
  public int serve(
      CommandLine command, boolean json, LaneOptions options, BiConsumer<Lanes, Link> service) {
    lifeline.hold();
    IdentityArguments.renew(options.protection());
    try (var lanes = Lanes.open(options);
        var server = lanes.listen(bind, port)) {
      Listening.announce(command.getOut(), json, lanes, server);
      return new Service(server, link -> service.accept(lanes, link), command.getErr()).run(once);
    }
  }
}
