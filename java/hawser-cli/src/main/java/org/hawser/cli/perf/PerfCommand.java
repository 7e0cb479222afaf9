package org.hawser.cli.perf;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.LiveLines;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.common.ServerArguments;
import org.hawser.cli.common.Sizes;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.Lanes;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser perf}: which of its four forms is meant, and their options. */
@Command(
    name = "perf",
    description = "Measure bandwidth or latency over the lanes to another process.",
    footer = {
      "",
      "Verified means: every message carried its number and arrived with the right one, once,",
      "in order and at full length; and after the measured time a window of messages filled memory",
      "that the receiver had cleared, and every byte of them was the pattern's.",
      "",
      "Examples:",
      "  hawser perf --local",
      "  hawser perf --listen",
      "  hawser perf HOST --sizes 64K,1M,16M --window 16 --json"
    })
public final class PerfCommand implements Callable<Integer> {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration PEER_END = Duration.ofSeconds(10);
  private static final double LONGEST_WARM_UP = 0.5;
  private static final long LARGEST_WINDOW = 4096;

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;
  @Mixin private ServerArguments listening;

  @ArgGroup(multiplicity = "1")
  private Form form;

  /** Exactly one of these says what to do. */
  private static final class Form {
    @Option(names = "--listen", description = "Serve clients.")
    private boolean listen;

    @Option(names = "--local", description = "Start a peer process on this machine, over loopback.")
    private boolean local;

    @Option(
        names = "--launched",
        description = "Under mpirun or srun: measure every pair of ranks; rank 0 prints.")
    private boolean launched;

    @Parameters(
        paramLabel = "HOST[:PORT]",
        arity = "0..1",
        description = "Measure to the server there.")
    private String server;
  }

  @Option(
      names = "--op",
      defaultValue = "bw",
      description = "What to measure: ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private Operation op;

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "SIZE",
      description = "Bytes a message, such as 8,64K,1M (default 64K,1M,16M; 8 for lat).")
  private List<String> sizes;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "Measured time a size (default ${DEFAULT-VALUE}), after a short warm-up.")
  private double seconds;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "4",
      description = "Messages in flight (default ${DEFAULT-VALUE}).")
  private int window;

  @Option(
      names = "--memory",
      paramLabel = "KIND",
      defaultValue = "host",
      description = {
        "Where messages lie at both ends: host, pinned, or cuda[:N] for GPU N",
        "(default ${DEFAULT-VALUE})."
      })
  private String memory;

  @Option(names = "--json", description = "Print one JSON object a size.")
  private boolean json;

  @Override
  public Integer call() {
    if (form.listen) {
      return listen();
    }
    List<Plan> plans = plans();
    if (form.local) {
      return local(plans);
    }
    if (form.launched) {
      return new LaunchedPerf(lanes.options(), plans, spec.commandLine().getOut(), json).run();
    }
    HostPort server = HostPort.parse(form.server);
    return measure(server, plans);
  }

  private Integer listen() {
    // The client decides: checksums are on when either end asks for them.
    lanes.orElse(Setting.CHECKSUM, "off");
    return listening.serve(spec.commandLine(), json, lanes.options(), PerfServer::serve);
  }

  private Integer local(List<Plan> plans) {
    lanes.orElse(Setting.LANES, "lo,lo,lo,lo");
    var arguments =
        List.of("perf", "--listen", "--once", "--json", "--bind", "127.0.0.1", "--port", "0");
    try (var peer = PeerProcess.start(lanes.variables(), arguments)) {
      int code = measure(new HostPort("127.0.0.1", peer.port()), plans);
      peer.await(PEER_END);
      return code;
    }
  }

  private Integer measure(HostPort server, List<Plan> plans) {
    LaneOptions options = lanes.options();
    boolean allVerified = true;
    PrintWriter out = spec.commandLine().getOut();
    try (var opened = Lanes.open(options);
        var client =
            new PerfClient(opened, opened.connect(server.host(), server.port(), CONNECT))) {
      for (Plan plan : plans) {
        PerfResult result = measure(client, plan);
        allVerified &= result.verified();
        out.println(json ? Json.write(result) : PerfTable.row(result));
        out.flush();
      }
    }
    return allVerified ? 0 : 1;
  }

  private PerfResult measure(PerfClient client, Plan plan) {
    if (json) {
      return client.measure(plan);
    }
    try (var _ = LiveLines.show(spec.commandLine().getOut(), PerfTable.live(client.link(), plan))) {
      return client.measure(plan);
    }
  }

  private List<Plan> plans() {
    if (!(seconds > 0 && seconds <= 3600)) {
      throw misuse("--seconds is above 0 and at most 3600, not " + seconds);
    }
    if (window < 1 || window > LARGEST_WINDOW) {
      throw misuse("--window is 1 to %d, not %d".formatted(LARGEST_WINDOW, window));
    }
    MemoryChoice place = place();
    List<Plan> plans = new ArrayList<>();
    for (String size : sizes()) {
      plans.add(
          new Plan(
              Plan.VERSION,
              op,
              Sizes.parse(spec, size),
              op == Operation.lat ? 1 : window,
              seconds,
              Math.min(LONGEST_WARM_UP, seconds / 4),
              lanes.options().waitMode(),
              place.toString()));
    }
    return plans;
  }

  private MemoryChoice place() {
    MemoryChoice place;
    try {
      place = MemoryChoice.parse(memory);
    } catch (HawserException e) {
      throw misuse("--memory: " + e.getMessage());
    }
    place.require();
    return place;
  }

  private List<String> sizes() {
    if (sizes != null) {
      return sizes;
    }
    return op == Operation.lat ? List.of("8") : List.of("64K", "1M", "16M");
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
