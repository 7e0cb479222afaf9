package org.hawser.comm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;

/** Ranks in one JVM, each with lanes of its own, joined over loopback. */
public final class LaneWorld implements World {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final List<Lanes> lanes = new ArrayList<>();
  private final List<LaneServer> servers = new ArrayList<>();
  private final List<LaneCommunicator> communicators;

  /** Four lanes that never leave this machine. */
  public LaneWorld(int size) {
    this(size, LaneOptions.defaults().withLanes("=lo,lo,lo,lo"));
  }

  public LaneWorld(int size, LaneOptions options) {
    for (int rank = 0; rank < size; rank++) {
      lanes.add(Lanes.open(options.withRank(rank)));
      servers.add(lanes.get(rank).listen("127.0.0.1", 0));
    }
    List<String> addresses = servers.stream().map(server -> "127.0.0.1:" + server.port()).toList();
    var connecting =
        IntStream.range(0, size)
            .mapToObj(
                rank ->
                    CompletableFuture.supplyAsync(
                        () ->
                            LaneCommunicator.connect(
                                lanes.get(rank), servers.get(rank), addresses, SOON),
                        task -> Thread.ofPlatform().start(task)))
            .toList();
    communicators = connecting.stream().map(CompletableFuture::join).toList();
  }

  public LaneCommunicator rank(int rank) {
    return communicators.get(rank);
  }

  @Override
  public List<LaneCommunicator> ranks() {
    return communicators;
  }

  /** All ranks at once: each waits for the others to acknowledge. */
  @Override
  public void close() {
    var closing =
        communicators.stream()
            .map(
                communicator ->
                    CompletableFuture.runAsync(
                        communicator::close, task -> Thread.ofPlatform().start(task)))
            .toList();
    closing.forEach(CompletableFuture::join);
    servers.forEach(LaneServer::close);
    lanes.forEach(Lanes::close);
  }
}
