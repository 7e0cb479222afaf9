package org.hawser.cli.simp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.hawser.cli.common.FreePort;
import org.hawser.cli.common.LaneArguments;
import org.hawser.cli.common.PeerProcess;
import org.hawser.cli.common.TemporaryFolder;
import org.hawser.comm.LaneCommunicator;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.simp.SimpHost;
import org.hawser.simp.SimpHttpDriver;
import org.hawser.simp.SimpLaneDriver;
import org.hawser.simp.SimpLaneWorker;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.WorkerOptions;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;

/** A driver and its workers on this machine, for as long as it is measured. One thread uses it. */
final class BenchHost implements AutoCloseable {
  private static final String LOCALHOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(100);

  private final List<AutoCloseable> parts = new ArrayList<>();
  private SimpHost host;

  private BenchHost() {}

  /**
   * @param lanes what the workers' lanes are, for that driver
   */
  static BenchHost start(DriverKind kind, int workers, LaneArguments lanes) {
    var started = new BenchHost();
    try {
      switch (kind) {
        case sim ->
            started.host = SimpSimulator.open(workers, StandardOps.registry(new Functions()));
        case http -> started.overHttp(workers);
        case lanes -> started.overLanes(workers, lanes);
      }
      return started;
    } catch (RuntimeException e) {
      started.close();
      throw e;
    }
  }

  SimpHost host() {
    return host;
  }

  private void overHttp(int workers) {
    List<String> addresses = addresses(workers);
    TemporaryFolder folder = kept(new TemporaryFolder("hawser-bench-"));
    Path cluster = cluster(folder.path().resolve("cluster.yaml"), addresses);
    List<PeerProcess> processes = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      List<String> command =
          List.of(
              "worker", "--config=" + cluster, "--rank=" + rank, "--bind=" + LOCALHOST, "--json");
      processes.add(kept(PeerProcess.start(System.getenv(), command)));
    }
    processes.forEach(PeerProcess::port);
    host = SimpHttpDriver.connect(HttpOptions.DEFAULT, addresses, PATIENCE);
  }

  private static Path cluster(Path file, List<String> addresses) {
    var text = new StringBuilder("nodes:\n");
    for (int rank = 0; rank < addresses.size(); rank++) {
      text.append("  - {name: node_%d, endpoint: \"%s\"}\n".formatted(rank, addresses.get(rank)));
    }
    try {
      return Files.writeString(file, text.append("devices: {}\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last address is this process's. */
  private void overLanes(int workers, LaneArguments arguments) {
    List<String> addresses = addresses(workers + 1);
    for (int rank = 0; rank < workers; rank++) {
      List<String> command =
          List.of(
              "simp", "bench", "--worker=" + rank, "--addresses=" + String.join(",", addresses));
      kept(PeerProcess.start(arguments.variables(), command));
    }
    Lanes lanes = kept(Lanes.open(arguments.options().withRank(workers)));
    host = new SimpLaneDriver(connect(lanes, addresses), PATIENCE);
  }

  /** A worker's side: serves the driver until that is closed. */
  static void serveLanes(LaneOptions options, List<String> addresses) {
    try (Lanes lanes = Lanes.open(options);
        var worker =
            new SimpLaneWorker(
                connect(lanes, addresses),
                StandardOps.registry(new Functions()),
                WorkerOptions.DEFAULT)) {
      worker.serve();
    }
  }

  private static LaneCommunicator connect(Lanes lanes, List<String> addresses) {
    int port = HostPort.parse(addresses.get(lanes.options().rank())).port();
    try (LaneServer server = lanes.listen(LOCALHOST, port)) {
      return LaneCommunicator.connect(lanes, server, addresses, PATIENCE);
    }
  }

  private static List<String> addresses(int count) {
    return IntStream.range(0, count).mapToObj(_ -> LOCALHOST + ":" + FreePort.find()).toList();
  }

  /** Closed with this, those that came last first. */
  private <T extends AutoCloseable> T kept(T part) {
    parts.addFirst(part);
    return part;
  }

  @Override
  public void close() {
    if (host != null) {
      host.close();
    }
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
