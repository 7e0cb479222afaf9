package org.hawser.cli.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.lane.LaneOptions;
import org.hawser.launch.Launch;
import org.hawser.mem.Buffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortContext;
import org.hawser.port.PortPeer;
import org.hawser.port.Transport;

/**
 * The example of a proxy of one's own: ranks, as threads of this process or as a launched job's
 * processes, gather each other's shares over real ports, and check them.
 */
final class AllGather {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int ROUNDS = 3;
  private static final String DONE = "gathered";

  private final LaneOptions lanes;
  private final Transport transport;
  private final List<Long> sizes;

  /**
   * @param sizes bytes of a share, each gathered in its turn
   */
  AllGather(LaneOptions lanes, Transport transport, List<Long> sizes) {
    this.lanes = lanes;
    this.transport = transport;
    this.sizes = sizes;
  }

  /** Of each size, whether every one of the ranks in this process ended up with all shares. */
  List<Boolean> run(int ranks) {
    List<CompletableFuture<List<Boolean>>> running = new ArrayList<>();
    for (ThreadCommunicator each : ThreadCommunicator.world(ranks)) {
      running.add(
          CompletableFuture.supplyAsync(
              () -> thread(each), task -> Thread.ofPlatform().daemon().start(task)));
    }
    try {
      var found = running.stream().map(CompletableFuture::join).toList();
      return IntStream.range(0, sizes.size())
          .mapToObj(size -> found.stream().allMatch(rank -> rank.get(size)))
          .toList();
    } catch (CompletionException e) {
      throw e.getCause() instanceof HawserException known ? known.again() : e;
    }
  }

  private List<Boolean> thread(Communicator communicator) {
    try (communicator;
        var context = PortContext.open(lanes.withRank(communicator.rank()), "127.0.0.1")) {
      return gather(PortBootstrap.over(communicator, context), () -> awaitOthers(communicator));
    }
  }

  /** Of each size, whether this process's rank of the job ended up with all shares. */
  List<Boolean> run(Launch launch) {
    try (var context = PortContext.open(lanes.withRank(launch.rank()), "")) {
      return gather(PortBootstrap.over(launch, context), () -> launch.fence(LIMIT));
    }
  }

  /**
   * @param awaitOthers before the connections go: who closes them while others still flush theirs
   *     would fail them
   */
  private List<Boolean> gather(PortBootstrap bootstrap, Runnable awaitOthers) {
    int ranks = bootstrap.size();
    long room = ranks * sizes.stream().mapToLong(Long::longValue).max().orElseThrow();
    try (var buffer = Buffer.allocateShared(room)) {
      var memory = bootstrap.context().register(buffer.segment(), transport);
      List<PortPeer> peers = bootstrap.meetAll(EndpointConfig.of(transport), memory, LIMIT);
      try (var service = new AllGatherService(peers, memory)) {
        List<Boolean> equal =
            sizes.stream()
                .map(bytes -> gather(service, peers, buffer, bootstrap.rank(), bytes))
                .toList();
        awaitOthers.run();
        return equal;
      }
    }
  }

  private static boolean gather(
      AllGatherService service, List<PortPeer> peers, Buffer buffer, int rank, long bytes) {
    boolean equal = true;
    for (int round = 1; round <= ROUNDS; round++) {
      buffer.segment().asSlice(rank * bytes, bytes).fill(value(rank, round));
      service.gather(rank * bytes, bytes, LIMIT);
      equal &= holdsAll(buffer, peers.size() + 1, bytes, round);
      // Nobody puts the next share before all have looked at this one, or changes one that is
      // still being put.
      peers.forEach(peer -> peer.connection().flush(LIMIT));
      service.gather(0, 0, LIMIT);
      peers.forEach(peer -> peer.connection().flush(LIMIT));
    }
    return equal;
  }

  private static void awaitOthers(Communicator communicator) {
    for (int rank = 0; rank < communicator.worldSize(); rank++) {
      communicator.sendSync(rank, DONE, MemorySegment.NULL, LIMIT);
    }
    for (int rank = 0; rank < communicator.worldSize(); rank++) {
      communicator.recv(rank, DONE, LIMIT).close();
    }
  }

  private static boolean holdsAll(Buffer buffer, int ranks, long bytes, int round) {
    for (int rank = 0; rank < ranks; rank++) {
      byte expected = value(rank, round);
      for (long at = rank * bytes; at < (rank + 1) * bytes; at++) {
        if (buffer.segment().get(JAVA_BYTE, at) != expected) {
          return false;
        }
      }
    }
    return true;
  }

  private static byte value(int rank, int round) {
    return (byte) (16 * round + rank + 1);
  }
}
