package org.hawser.chaos;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.hawser.HawserException;
import org.hawser.comm.LaneCommunicator;
import org.hawser.lane.LaneServer;

/** Ranks in this process, connected by lanes that have faults. */
final class LaneParties implements AutoCloseable {
  private final List<FaultyLanes> lanes = new ArrayList<>();
  private final List<LaneCommunicator> ranks = new ArrayList<>();

  LaneParties(List<Fault> faults, int size, Path folder) throws Exception {
    List<LaneServer> servers = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      lanes.add(FaultyLanes.open(faults, rank, rank, folder));
      servers.add(lanes.get(rank).lanes().listen("127.0.0.1", 0));
    }
    List<String> addresses = servers.stream().map(server -> "127.0.0.1:" + server.port()).toList();
    var connecting =
        IntStream.range(0, size)
            .mapToObj(
                rank ->
                    CompletableFuture.supplyAsync(
                        () ->
                            LaneCommunicator.connect(
                                lanes.get(rank).lanes(), servers.get(rank), addresses, Waits.LONG),
                        task -> Thread.ofPlatform().start(task)))
            .toList();
    try {
      for (var each : connecting) {
        ranks.add(each.get());
      }
    } catch (ExecutionException e) {
      lanes.forEach(FaultyLanes::close);
      throw e;
    }
  }

  LaneCommunicator rank(int rank) {
    return ranks.get(rank);
  }

  List<FaultyLanes> lanes() {
    return lanes;
  }

  int injected() {
    return lanes.stream().mapToInt(FaultyLanes::injected).sum();
  }

  @Override
  public void close() {
    var closing =
        ranks.stream()
            .map(rank -> CompletableFuture.runAsync(() -> close(rank), Thread::startVirtualThread))
            .toList();
    closing.forEach(CompletableFuture::join);
    lanes.forEach(FaultyLanes::close);
  }

  private static void close(LaneCommunicator rank) {
    try {
      rank.close();
    } catch (HawserException e) {
      // The other rank may have closed before.
    }
  }
}
