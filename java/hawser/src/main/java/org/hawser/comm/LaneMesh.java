package org.hawser.comm;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.lane.Link;

/**
 * Links from one rank to all others: it connects to the lower ones, and the higher ones connect to
 * it. Used once, by one thread.
 */
final class LaneMesh {
  private static final long RETRY_NANOS = 50_000_000;

  private final Lanes lanes;
  private final LaneServer server;
  private final int rank;
  private final long start = System.nanoTime();
  private final long timeoutNanos;
  private final Link[] links;

  LaneMesh(Lanes lanes, LaneServer server, int rank, int worldSize, Duration timeout) {
    this.lanes = lanes;
    this.server = server;
    this.rank = rank;
    this.timeoutNanos = timeout.toNanos();
    this.links = new Link[worldSize];
  }

  /**
   * @param addresses where each rank listens, {@code host:port}; this rank's own is not used
   * @return the links by rank, null at this one
   * @throws HawserException when a rank is not there in time, naming it; no link is left then
   */
  List<Link> connect(List<String> addresses) {
    var accepted = CompletableFuture.runAsync(this::acceptHigher, LaneMesh::startThread);
    try {
      for (int peer = 0; peer < rank; peer++) {
        links[peer] = connect(peer, addresses.get(peer));
      }
      accepted.join();
      return Arrays.asList(links);
    } catch (RuntimeException e) {
      accepted.exceptionally(failure -> null).join();
      Arrays.stream(links).filter(Objects::nonNull).forEach(LaneMesh::drop);
      throw e instanceof CompletionException && e.getCause() instanceof RuntimeException cause
          ? cause
          : e;
    }
  }

  private static void startThread(Runnable task) {
    Thread.ofPlatform().daemon().name("hawser-accept").start(task);
  }

  /** The peer may not listen yet: tries until it does. */
  private Link connect(int peer, String address) {
    HostPort place = HostPort.parse(address);
    while (true) {
      try {
        Link link = lanes.connect(place.host(), place.port(), left());
        if (link.peerRank() != peer) {
          drop(link);
          throw failure(
              ErrorCode.REFUSED,
              peer,
              "%s, which answers as rank %d: do all have the same list of addresses?"
                  .formatted(address, link.peerRank()),
              null);
        }
        return link;
      } catch (HawserException e) {
        boolean nobodyListens = e.code() == ErrorCode.REFUSED && e.sysErrno() != 0;
        if (!nobodyListens || left().isZero()) {
          throw failure(e.code(), peer, address + ": " + e.getMessage(), e);
        }
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    }
  }

  private void acceptHigher() {
    for (int missing = links.length - 1 - rank; missing > 0; missing--) {
      Link link;
      try {
        link = server.accept(left());
      } catch (HawserException e) {
        throw failure(e.code(), firstMissing(), "port " + server.port() + ": " + e.getMessage(), e);
      }
      int peer = link.peerRank();
      if (peer <= rank || peer >= links.length || links[peer] != null) {
        drop(link);
        throw failure(
            ErrorCode.REFUSED,
            peer,
            "port %d: rank %d does not belong there; %d ranks are expected, each once"
                .formatted(server.port(), peer, links.length),
            null);
      }
      links[peer] = link;
    }
  }

  private int firstMissing() {
    int peer = rank + 1;
    while (links[peer] != null) {
      peer++;
    }
    return peer;
  }

  private Duration left() {
    return Duration.ofNanos(Math.max(0, timeoutNanos - (System.nanoTime() - start)));
  }

  private static void drop(Link link) {
    try {
      link.close(Duration.ofSeconds(1));
    } catch (HawserException e) {
      // The link is closed all the same, and what failed before is what counts.
    }
  }

  private HawserException failure(ErrorCode code, int peer, String why, Throwable cause) {
    return new HawserException(
        code,
        "rank %d: no link to rank %d at %s".formatted(rank, peer, why),
        cause,
        peer,
        -1,
        "",
        0);
  }
}
