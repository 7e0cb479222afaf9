package org.hawser.cli.spu;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Setting;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.Lifeline;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.common.TemporaryFolder;
import org.hawser.ffi.SpuLibrary;
import org.hawser.lane.HostPort;
import org.hawser.spu.Protocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser spu bench}: what is measured, and its workers' side. */
@Command(
    name = "bench",
    description = "Measure secure computations on this machine, over each kind of link.",
    footer = {
      "",
      "Each pair of a link and a program has processes of its own: one a party for lanes, brpc, http,",
      "one for all with parties as threads for mem and thread. Runs to warm up come first, for Java",
      "compiles what runs often; what is compiled for SPU, shared and revealed is not in the time.",
      "CPU time is a run's, of all parties.",
      "",
      "Programs: compare:N elements, matmul:N of two N x N matrices, lr:ROWSxCOLUMNS (one step of a",
      "logistic regression); pingpong:BYTES (1000 round trips) and stream:BYTES (256 MiB one way)",
      "over the bare link.",
      "",
      "Lanes are one over loopback unless --lanes or HAWSER_LANES say otherwise.",
    })
public final class BenchCommand implements Callable<Integer> {
  private static final double LONGEST_WARM_UP = 60;
  private static final Duration PATIENCE = Duration.ofSeconds(100);

  /** Loopback is one device; more lanes over it cost more than they carry. */
  private static final String LOOPBACK = "lo";

  @Spec private CommandSpec spec;
  @Mixin private LaneArguments lanes;
  @Mixin private Lifeline lifeline;

  @Option(
      names = "--links",
      split = ",",
      defaultValue = "mem,thread,lanes,brpc,http",
      description = "${COMPLETION-CANDIDATES} (default all).")
  private List<LinkKind> links;

  @Option(
      names = "--programs",
      split = ",",
      defaultValue = "compare:1000000,matmul:128,lr:1024x16",
      description = "What to run (default ${DEFAULT-VALUE}).")
  private List<String> programs;

  @Option(
      names = "--protocol",
      description = "${COMPLETION-CANDIDATES} (default SEMI2K for 2 parties, ABY3 for 3).")
  private Protocol protocol;

  @Option(
      names = "--parties",
      defaultValue = "2",
      paramLabel = "2|3",
      description = "How many (default ${DEFAULT-VALUE}).")
  private int parties;

  @Option(
      names = "--runs",
      defaultValue = "5",
      paramLabel = "N",
      description = "Measured runs (default ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--warm-up",
      defaultValue = "3",
      paramLabel = "SECONDS",
      description = "How long to run before (default ${DEFAULT-VALUE}); at least one run.")
  private double warmUp;

  @Option(names = "--json", description = "Print one JSON object a link and program.")
  private boolean json;

  @Option(names = "--worker", hidden = true, description = "Be this rank; -1 for all of them.")
  private Integer worker;

  @Option(names = "--addresses", hidden = true, split = ",")
  private List<String> addresses = List.of();

  @Option(names = "--brpc", hidden = true, split = ",")
  private List<String> brpc = List.of();

  @Option(names = "--result", hidden = true)
  private Path result;

  @Override
  public Integer call() {
    List<BenchProgram> wanted = programs.stream().map(BenchProgram::parse).toList();
    Protocol used = protocol != null ? protocol : parties == 2 ? Protocol.SEMI2K : Protocol.ABY3;
    if (parties < 2 || parties > 3 || runs < 1 || !(warmUp >= 0 && warmUp <= LONGEST_WARM_UP)) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "--parties is 2 or 3, --runs at least 1, and --warm-up 0 to " + LONGEST_WARM_UP);
    }
    used.requireParties(parties);
    SpuLibrary.require();
    lanes.orElse(Setting.LANES, LOOPBACK);
    if (worker != null) {
      return work(new BenchWork(wanted.getFirst(), links.getFirst(), used, warmUp, runs, result));
    }
    boolean allSame = true;
    try (var folder = new TemporaryFolder("hawser-bench-")) {
      for (BenchProgram program : wanted) {
        allSame &= measure(program, used, folder.path());
      }
    }
    return allSame ? 0 : 1;
  }

  /** One program over all links. */
  private boolean measure(BenchProgram program, Protocol used, Path folder) {
    var reference = new BenchReference(program, folder);
    if (!program.isBare() && links.getFirst() != LinkKind.mem) {
      workers(new BenchWork(program, LinkKind.mem, used, 0, 1, reference.file(LinkKind.mem)));
    }
    boolean allSame = true;
    for (LinkKind link : links) {
      var work = new BenchWork(program, link, used, warmUp, runs, reference.file(link));
      PartyReport report = workers(work);
      BenchResult measured =
          BenchResult.of(work, parties, report, reference.largestDifference(link));
      out().println(json ? Json.write(measured) : measured.line());
      out().flush();
      allSame &= !Boolean.FALSE.equals(measured.identicalToMem());
    }
    return allSame;
  }

  /** Starts the processes of one measurement, and waits for them. */
  private PartyReport workers(BenchWork work) {
    int processes = work.link().isLocal() ? 1 : parties;
    List<HostPort> lanesAt = Party.freeAddresses("127.0.0.1", parties);
    List<HostPort> brpcAt = Party.freeAddresses("127.0.0.1", parties);
    List<PeerProcess> peers = new ArrayList<>();
    try {
      for (int rank = 0; rank < processes; rank++) {
        int told = work.link().isLocal() ? -1 : rank;
        peers.add(PeerProcess.start(lanes.variables(), arguments(work, told, lanesAt, brpcAt)));
      }
      List<PartyReport> reports =
          peers.stream().map(peer -> peer.read(PartyReport.class, patience())).toList();
      peers.forEach(peer -> peer.await(PATIENCE));
      return PartyReport.merged(reports);
    } finally {
      peers.forEach(PeerProcess::close);
    }
  }

  private List<String> arguments(
      BenchWork work, int rank, List<HostPort> lanesAt, List<HostPort> brpcAt) {
    return List.of(
        "spu",
        "bench",
        "--worker=" + rank,
        "--links=" + work.link(),
        "--programs=" + work.program().text(),
        "--protocol=" + work.protocol(),
        "--parties=" + parties,
        "--warm-up=" + work.warmUp(),
        "--runs=" + work.runs(),
        "--addresses=" + joined(lanesAt),
        "--brpc=" + joined(brpcAt),
        "--result=" + work.result());
  }

  private static String joined(List<HostPort> all) {
    return String.join(",", all.stream().map(HostPort::toString).toList());
  }

  private Duration patience() {
    return PATIENCE.multipliedBy(runs + 2L);
  }

  /** A worker's side: prints its report, and nothing else. */
  private int work(BenchWork work) {
    lifeline.hold();
    out().println(Json.write(worker < 0 ? together(work) : alone(work)));
    return 0;
  }

  private PartyReport together(BenchWork work) {
    try (var all = new Together(Party.threads(work.link(), parties, lanes.options(), PATIENCE))) {
      return PartyReport.merged(all.run(party -> work.run(party, party.rank() == 0)));
    }
  }

  private PartyReport alone(BenchWork work) {
    List<HostPort> lanesAt = addresses.stream().map(HostPort::parse).toList();
    List<HostPort> brpcAt = brpc.stream().map(HostPort::parse).toList();
    try (Party party =
        Party.connect(work.link(), lanes.options().withRank(worker), lanesAt, brpcAt, PATIENCE)) {
      return work.run(party, true);
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
