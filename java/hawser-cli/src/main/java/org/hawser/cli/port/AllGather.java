package org.hawser.cli.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.lane.LaneOptions;
import org.hawser.mem.Buffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortContext;
import org.hawser.port.PortPeer;
import org.hawser.port.Transport;

/**
 * The example of a proxy of one's own: ranks, as threads of this process, gather each other's
 * shares over real ports, and check them.
 */
final class AllGather {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int ROUNDS = 3;
  private static final String DONE = "gathered";

  private final LaneOptions lanes;
  private final Transport transport;
  private final long bytes;

  AllGather(LaneOptions lanes, Transport transport, long bytes) {
    this.lanes = lanes;
    this.transport = transport;
    this.bytes = bytes;
  }

  /** Whether every rank ended up with the shares of all. */
  boolean run(int ranks) {
    List<CompletableFuture<Boolean>> running = new ArrayList<>();
    for (ThreadCommunicator each : ThreadCommunicator.world(ranks)) {
      running.add(
          CompletableFuture.supplyAsync(
              () -> rank(each), task -> Thread.ofPlatform().daemon().start(task)));
    }
    try {
      return running.stream().map(CompletableFuture::join).toList().stream().allMatch(ok -> ok);
    } catch (CompletionException e) {
      throw e.getCause() instanceof HawserException known ? known.again() : e;
    }
  }

  private boolean rank(Communicator communicator) {
    int rank = communicator.rank();
    int ranks = communicator.worldSize();
    try (communicator;
        var context = PortContext.open(lanes.withRank(rank), "127.0.0.1");
        var buffer = Buffer.allocateShared(ranks * bytes)) {
      var memory = context.register(buffer.segment(), transport);
      List<PortPeer> peers =
          PortBootstrap.over(communicator, context)
              .meetAll(EndpointConfig.of(transport), memory, LIMIT);
      try (var service = new AllGatherService(peers, memory)) {
        boolean equal = true;
        for (int round = 1; round <= ROUNDS; round++) {
          buffer.segment().asSlice(rank * bytes, bytes).fill(value(rank, round));
          service.gather(rank * bytes, bytes, LIMIT);
          equal &= holdsAll(buffer, ranks, round);
          // Nobody puts the next share before all have looked at this one, or changes one that is
          // still being put.
          peers.forEach(peer -> peer.connection().flush(LIMIT));
          service.gather(0, 0, LIMIT);
          peers.forEach(peer -> peer.connection().flush(LIMIT));
        }
        awaitOthers(communicator);
        return equal;
      }
    }
  }

  /** A rank that closes its connections while others still flush theirs would fail them. */
  private static void awaitOthers(Communicator communicator) {
    for (int rank = 0; rank < communicator.worldSize(); rank++) {
      communicator.sendSync(rank, DONE, MemorySegment.NULL, LIMIT);
    }
    for (int rank = 0; rank < communicator.worldSize(); rank++) {
      communicator.recv(rank, DONE, LIMIT).close();
    }
  }

  private boolean holdsAll(Buffer buffer, int ranks, int round) {
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
