package org.hawser.cli.perf;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.launch.Launch;

/**
 * Measures every pair of ranks of a job, one pair at a time, so that no two share a wire. The lower
 * rank of a pair serves; rank 0 prints all results.
 */
final class LaunchedPerf {
  private static final Duration MEET = Duration.ofSeconds(60);
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final String ADDRESS = "address";

  private final LaneOptions options;
  private final List<Plan> plans;
  private final PrintWriter out;
  private final boolean json;
  private boolean allVerified = true;

  LaunchedPerf(LaneOptions options, List<Plan> plans, PrintWriter out, boolean json) {
    this.options = options;
    this.plans = plans;
    this.out = out;
    this.json = json;
  }

  /** Takes this rank's part; returns the exit code. */
  int run() {
    try (var launch =
            Launch.detect(options.protection())
                .orElseThrow(
                    () ->
                        new HawserException(
                            ErrorCode.INVALID_ARGUMENT,
                            "no launcher started this process: run it under mpirun or srun"));
        var lanes = Lanes.open(options.withRank(launch.rank()));
        var server = lanes.listen(null, 0)) {
      launch.put(ADDRESS, bytes(new HostPort(Lanes.address(options), server.port()).toString()));
      launch.commit();
      launch.fence(MEET);
      for (int client = 1; client < launch.size(); client++) {
        for (int peer = 0; peer < client; peer++) {
          pair(launch, lanes, server, client, peer);
        }
      }
    }
    return allVerified ? 0 : 1;
  }

  /** One pair measures while the others wait for it. */
  private void pair(Launch launch, Lanes lanes, LaneServer server, int client, int peer) {
    String key = "perf-%d-%d".formatted(client, peer);
    if (launch.rank() == client) {
      launch.put(key, bytes(Json.write(measure(launch, lanes, peer))));
      launch.commit();
    } else if (launch.rank() == peer) {
      try (var link = server.accept(CONNECT)) {
        PerfServer.serve(lanes, link);
      }
    }
    launch.fence(patience());
    if (launch.rank() == 0) {
      for (PerfResult result : Json.read(launch.get(client, key, MEET), PerfResult[].class)) {
        allVerified &= result.verified();
        print(result);
      }
    }
  }

  private List<PerfResult> measure(Launch launch, Lanes lanes, int peer) {
    var address =
        HostPort.parse(new String(launch.get(peer, ADDRESS, MEET), StandardCharsets.UTF_8));
    List<PerfResult> results = new ArrayList<>();
    try (var client =
        new PerfClient(lanes, lanes.connect(address.host(), address.port(), CONNECT))) {
      for (Plan plan : plans) {
        results.add(client.measure(plan).between(launch.rank(), peer));
      }
    }
    return results;
  }

  private void print(PerfResult result) {
    String row =
        json
            ? Json.write(result)
            : "rank %d to rank %d: %s"
                .formatted(
                    result.ranks().getFirst(), result.ranks().getLast(), PerfTable.row(result));
    out.println(row);
    out.flush();
  }

  private Duration patience() {
    double seconds = plans.stream().mapToDouble(plan -> plan.seconds() + 60).sum();
    return MEET.plusSeconds((long) seconds);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
