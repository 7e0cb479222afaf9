package org.hawser.cli.stat;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser stat}. */
@Command(
    name = "stat",
    description =
        "Show what processes with links or ports do, or did before they died, and who waits for"
            + " whom. They are only read.")
public final class StatCommand implements Callable<Integer> {
  private static final String ERASE = "\u001b[H\u001b[2J";

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PID|FILE",
      arity = "0..1",
      description = "A process, or the file of one (default: all of this user's).")
  private String target;

  @Option(names = "--watch", description = "Again and again, until the process has ended.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Between two looks (default ${DEFAULT-VALUE}).")
  private double interval;

  @Option(
      names = "--events",
      paramLabel = "COUNT",
      defaultValue = "20",
      description = "How many of the latest events to show (default ${DEFAULT-VALUE}).")
  private int events;

  @Option(names = "--json", description = "Print one JSON object a look, with all events.")
  private boolean json;

  /**
   * What {@code --json} prints.
   *
   * @param processes all, or the one that was asked for
   * @param waits of all processes that run
   * @param circles parties that wait for each other
   */
  private record Look(
      List<ProcessStat> processes, List<WaitGraph.Wait> waits, List<List<String>> circles) {}

  @Override
  public Integer call() throws InterruptedException {
    if (!(interval >= 0.01 && interval <= 86_400)) {
      throw new ParameterException(spec.commandLine(), "--interval is 0.01 to 86400");
    }
    if (events < 0) {
      throw new ParameterException(spec.commandLine(), "--events is 0 or more");
    }
    boolean lives = look();
    while (watch && lives) {
      Thread.sleep((long) (interval * 1000));
      lives = lookAgain();
    }
    return 0;
  }

  /** A process that has ended in order has taken its file along. */
  private boolean lookAgain() {
    try {
      return look();
    } catch (HawserException e) {
      if (e.code() != ErrorCode.IO) {
        throw e;
      }
      if (!json) {
        out().println("it has ended: " + e.getMessage());
      }
      return false;
    }
  }

  /** Whether another look may tell something else. */
  private boolean look() {
    List<ProcessStat> all = Processes.all();
    List<ProcessStat> shown = target == null ? all : List.of(Processes.named(target, all));
    var graph = new WaitGraph(all);
    if (json) {
      out().println(Json.write(new Look(shown, graph.waits(), graph.cycles())));
    } else {
      print(shown, graph);
    }
    out().flush();
    return target == null || !shown.getFirst().hasDied();
  }

  private void print(List<ProcessStat> shown, WaitGraph graph) {
    if (watch && System.console() != null && System.console().isTerminal()) {
      out().print(ERASE);
    }
    var printer = new StatPrinter(out());
    if (target == null) {
      printer.list(shown);
    } else {
      printer.show(shown.getFirst(), events);
    }
    printer.waits(graph);
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
