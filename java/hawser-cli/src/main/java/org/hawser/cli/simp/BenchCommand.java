package org.hawser.cli.simp;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.Lifeline;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHost;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser simp bench}. */
@Command(
    name = "bench",
    description = "Measure how long operations on parties take, on this machine.",
    footer = {
      "",
      "Workers are processes of their own for http and lanes, threads for sim. Every run is one",
      "graph, sent to all workers; a time is that of one of its operations, seen by the host. What",
      "the runs leave at the workers is let go of between them, outside of the time.",
      "",
      "Lanes are one over loopback unless --lanes or HAWSER_LANES say otherwise.",
    })
public final class BenchCommand implements Callable<Integer> {
  private static final int MOST_RUNS = 1 << 20;
  private static final int FEWEST_RUNS = 10;
  private static final int MOST_WORKERS = 64;

  /** Loopback is one device; more lanes over it cost more than they carry. */
  private static final String LOOPBACK = "lo";

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;
  @Mixin private Lifeline lifeline;

  @Option(
      names = "--driver",
      defaultValue = "sim",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private DriverKind driver;

  @Option(
      names = "--workers",
      defaultValue = "2",
      paramLabel = "N",
      description = "How many (default ${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--seconds",
      defaultValue = "2",
      paramLabel = "S",
      description = "How long to measure each operation (default ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "3",
      paramLabel = "S",
      description = "How long to run each before: Java compiles what runs often (default 3).")
  private double warmUp;

  @Option(names = "--json", description = "Print one JSON object an operation.")
  private boolean json;

  @Option(names = "--worker", hidden = true, description = "Be this rank over lanes.")
  private Integer worker;

  @Option(names = "--addresses", hidden = true, split = ",")
  private List<String> addresses = List.of();

  @Override
  public Integer call() {
    lanes.orElse(Setting.LANES, LOOPBACK);
    if (worker != null) {
      lifeline.hold();
      BenchHost.serveLanes(lanes.options().withRank(worker), addresses);
      return 0;
    }
    if (workers < 2 || workers > MOST_WORKERS || !isShort(seconds) || !isShort(warmUp)) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "--workers is 2 to %d, --seconds and --warm-up are 0 to 60".formatted(MOST_WORKERS));
    }
    try (BenchHost started = BenchHost.start(driver, workers, lanes)) {
      Arrays.stream(BenchOp.values()).map(op -> measure(started.host(), op)).forEach(this::print);
    }
    return 0;
  }

  private static boolean isShort(double seconds) {
    return seconds >= 0 && seconds <= Duration.ofMinutes(1).toSeconds();
  }

  private BenchResult measure(SimpHost host, BenchOp op) {
    Supplier<List<HostVar>> run = op.prepare(host);
    var nanos = new long[MOST_RUNS];
    repeat(host, run, warmUp, nanos);
    int count = repeat(host, run, seconds, nanos);
    return BenchResult.of(op, driver, workers, nanos, count);
  }

  /** Runs it for so long, at least a few times; returns how often. */
  private static int repeat(
      SimpHost host, Supplier<List<HostVar>> run, double seconds, long[] nanos) {
    long begin = System.nanoTime();
    int count = 0;
    while (count < FEWEST_RUNS
        || count < nanos.length && System.nanoTime() - begin < seconds * 1e9) {
      long start = System.nanoTime();
      List<HostVar> left = run.get();
      nanos[count++] = System.nanoTime() - start;
      left.forEach(host::release);
    }
    return count;
  }

  private void print(BenchResult result) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? Json.write(result) : result.line());
    out.flush();
  }
}
