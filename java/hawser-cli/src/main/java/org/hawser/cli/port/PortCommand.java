package org.hawser.cli.port;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.common.FreePort;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.Lifeline;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.common.Sizes;
import org.hawser.launch.Launch;
import org.hawser.mem.DeviceBuffer;
import org.hawser.port.Transport;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser port}: which of its three forms is meant, and their options. */
@Command(
    name = "port",
    description = "Put memory into a peer's, both ways at once, and measure it.",
    footer = {
      "",
      "Two ranks: run it on two machines (or twice on one) with the same meeting point, under",
      "mpirun or srun, or without arguments, which starts both ranks on this machine.",
      "Verified means: both ranks compared every byte that arrived, before and after the measured",
      "time.",
      "",
      "Examples:",
      "  hawser port",
      "  hawser port 192.168.0.1:50000 0 0 Tcp      (and 192.168.0.1:50000 1 0 Tcp on the other)",
      "  mpirun -np 2 hawser port --transport IB0"
    })
public final class PortCommand implements Callable<Integer> {
  private static final Duration MEET = Duration.ofSeconds(60);
  private static final Duration PEER_START = Duration.ofSeconds(60);
  private static final Duration PEER_END = Duration.ofSeconds(30);
  private static final int RANKS = 2;
  private static final int MOST_RANKS = 16;
  private static final int USUAL_RANKS = 3;

  /** For --all-gather without a number. */
  private static final int OF_THE_JOB = 0;

  private static final int MOST_ITERATIONS = 1000;
  private static final int FEWEST_ITERATIONS = 16;

  /** A size that nobody gave iterations for moves about so much, each way. */
  private static final long BYTES_A_SIZE = 2L << 30;

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;
  @Mixin private Lifeline lifeline;

  @ArgGroup(exclusive = false, multiplicity = "0..1")
  private Place place;

  /** All of them or none. */
  private static final class Place {
    @Parameters(
        index = "0",
        paramLabel = "IP_PORT",
        description = "Where rank 0 waits: ip:port, or interface:ip:port.")
    private String meetingPoint;

    @Parameters(index = "1", paramLabel = "RANK", description = "0 or 1.")
    private int rank;

    @Parameters(
        index = "2",
        paramLabel = "GPU_ID",
        description = "The GPU, for CudaIpc. All others put from host memory, and heed none.")
    private int gpu;

    @Parameters(
        index = "3",
        paramLabel = "TRANSPORT",
        description = "Memory, CudaIpc, Tcp, or IB0 to IB7.")
    private String transport;
  }

  @Option(
      names = "--transport",
      paramLabel = "TRANSPORT",
      description = "Likewise, where ranks are not told (default: the best that both have).")
  private String transport;

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "SIZE",
      defaultValue = "1K,1M,128M",
      description = "Bytes a put (default ${DEFAULT-VALUE}).")
  private List<String> sizes;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description = "Iterations a size (default: 1000, fewer of long ones).")
  private Integer iterations;

  @Option(
      names = "--all-gather",
      paramLabel = "RANKS",
      arity = "0..1",
      fallbackValue = "" + OF_THE_JOB,
      description =
          "Instead: ranks gather by a proxy of their own: the job's, under mpirun or srun; else so"
              + " many in this process (default: 3).")
  private Integer gathering;

  @Option(names = "--json", description = "Print one JSON object a size.")
  private boolean json;

  /** What a rank that another process started says when it is about to begin. */
  record Preparing(String who) {}

  @Override
  public Integer call() {
    List<Long> bytes = sizes();
    if (iterations != null && iterations < 1) {
      throw misuse("--iterations is 1 or more, not " + iterations);
    }
    if (place != null) {
      return told(bytes);
    }
    Transport wanted = transport == null ? null : transport("--transport", transport);
    var launched = Launch.detect(lanes.protection());
    if (gathering != null) {
      return gather(launched, wanted == null ? Transport.MEMORY : wanted, bytes);
    }
    if (launched.isPresent()) {
      try (var launch = launched.get()) {
        int gpus = DeviceBuffer.gpus();
        return run(launch, "", wanted, gpus == 0 ? 0 : launch.localRank() % gpus, bytes);
      }
    }
    return local(wanted, bytes);
  }

  private int gather(Optional<Launch> launched, Transport wanted, List<Long> bytes) {
    if (launched.isPresent()) {
      try (var launch = launched.get()) {
        if (gathering != OF_THE_JOB && gathering != launch.size()) {
          throw misuse(
              "%s: its ranks gather: --all-gather %d cannot be heeded"
                  .formatted(launch, gathering));
        }
        var right = new AllGather(lanes.options(), wanted, bytes).run(launch);
        return print("Rank " + launch.rank() + ": ", launch.size(), wanted, bytes, right);
      }
    }
    int ranks = gathering == OF_THE_JOB ? USUAL_RANKS : gathering;
    if (ranks < RANKS || ranks > MOST_RANKS) {
      throw misuse("--all-gather is %d to %d ranks, not %d".formatted(RANKS, MOST_RANKS, ranks));
    }
    lanes.orElse(Setting.LANES, "lo,lo,lo,lo");
    var right = new AllGather(lanes.options(), wanted, bytes).run(ranks);
    return print("", ranks, wanted, bytes, right);
  }

  private int print(String who, int ranks, Transport used, List<Long> bytes, List<Boolean> right) {
    for (int i = 0; i < bytes.size(); i++) {
      out()
          .printf(
              "%s%d ranks gathered %d bytes of each over %s: %s%n",
              who, ranks, bytes.get(i), used, right.get(i) ? "verified" : "WRONG DATA");
    }
    out().flush();
    return right.contains(false) ? 1 : 0;
  }

  /** Ranks are told by the arguments. */
  private int told(List<Long> bytes) {
    if (place.rank < 0 || place.rank >= RANKS) {
      throw misuse("RANK is 0 or 1, not " + place.rank);
    }
    if (transport != null) {
      throw misuse("say the transport once: as an argument, or as --transport");
    }
    Transport wanted = transport("TRANSPORT", place.transport);
    var point = MeetingPoint.parse(place.meetingPoint);
    lifeline.hold();
    try (var launch =
        Launch.join(place.rank, RANKS, point.rendezvous(), lanes.protection(), MEET)) {
      return run(launch, point.address(), wanted, place.gpu, bytes);
    }
  }

  /** Both ranks on this machine, the other one as a process of its own. */
  private int local(Transport wanted, List<Long> bytes) {
    lanes.orElse(Setting.LANES, "lo,lo,lo,lo");
    Transport chosen = wanted == null ? Whereabouts.bestOfMachine() : wanted;
    // One GPU serves both where there is no other.
    int peerGpu = Math.clamp(DeviceBuffer.gpus() - 1, 0, 1);
    var point = MeetingPoint.local(FreePort.find());
    List<String> arguments =
        new ArrayList<>(
            List.of("port", point.rendezvous(), "1", Integer.toString(peerGpu), chosen.title()));
    arguments.addAll(List.of("--sizes", String.join(",", sizes)));
    if (iterations != null) {
      arguments.addAll(List.of("--iterations", iterations.toString()));
    }
    try (var peer = PeerProcess.start(lanes.variables(), arguments)) {
      int code;
      try (var launch = Launch.join(0, RANKS, point.rendezvous(), lanes.protection(), MEET)) {
        sayPreparing(peer.read(Preparing.class, PEER_START).who());
        code = run(launch, point.address(), chosen, 0, bytes);
      }
      peer.await(PEER_END);
      return code;
    }
  }

  private int run(Launch launch, String address, Transport wanted, int gpu, List<Long> bytes) {
    var rank = new PortRank(launch, lanes.options(), address);
    String who = wanted == Transport.CUDA_IPC ? "GPU " + gpu : "Rank " + launch.rank();
    sayPreparing(who);
    boolean verified = rank.run(wanted, gpu, bytes, this::iterations, result -> print(who, result));
    if (!json && !lifeline.isGiven()) {
      out().println(verified ? "Succeed!" : "Failed: not all data was right");
    }
    return verified ? 0 : 1;
  }

  private void sayPreparing(String who) {
    if (lifeline.isGiven()) {
      out().println(Json.write(new Preparing(who)));
    } else if (!json) {
      out().println(who + ": Preparing for tests ...");
    }
    out().flush();
  }

  private void print(String who, PortResult result) {
    out().println(json ? Json.write(result) : result.line(who));
    out().flush();
  }

  private int iterations(long bytes) {
    return iterations != null
        ? iterations
        : Math.clamp(BYTES_A_SIZE / bytes, FEWEST_ITERATIONS, MOST_ITERATIONS);
  }

  private Transport transport(String name, String text) {
    try {
      return Transport.parse(text);
    } catch (HawserException e) {
      throw misuse(name + ": " + e.getMessage());
    }
  }

  private List<Long> sizes() {
    List<Long> bytes = sizes.stream().map(size -> Sizes.parse(spec, size)).toList();
    if (new HashSet<>(bytes).size() < bytes.size()) {
      throw misuse("--sizes: each comes once");
    }
    return bytes;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
