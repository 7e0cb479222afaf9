package org.hawser.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.LaneCommunicator;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;
import org.hawser.lane.LaneOptions;
import org.hawser.lane.LaneServer;
import org.hawser.lane.Lanes;
import org.hawser.mem.Buffer;
import org.hawser.simp.SimpHttpWorker;
import org.hawser.simp.WorkerOptions;
import org.hawser.trust.Protection;

/**
 * A process that the rig starts, stops and kills: rank 0 or 1. It joins the other, talks with it
 * over lanes and ports, and joins it again whenever it was lost; meanwhile it serves SIMP jobs over
 * HTTP. It tells in lines what happens, takes an empty line as the word to end and {@code h} as the
 * question how much of its heap is in use, and ends with its standard input.
 */
final class Node {
  private static final Duration JOIN = Duration.ofSeconds(4);
  private static final long RETRY_NANOS = 50_000_000;
  private static final int ROUNDS_TOLD = 10;
  private static final long LARGE = 256L << 20;

  private final int rank;
  private final LaneOptions options;
  private final List<String> places;
  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final Tally tally = new Tally(0);
  private volatile boolean stopping;
  private long joins;

  private Node(int rank, LaneOptions options, List<String> places) {
    this.rank = rank;
    this.options = options;
    this.places = places;
  }

  /** RANK LANES LANE-PLACE LANE-PLACE HTTP-PLACE HTTP-PLACE STORE: where each rank is reached. */
  public static void main(String[] arguments) {
    int rank = Integer.parseInt(arguments[0]);
    var node =
        new Node(
            rank,
            FaultyLanes.options(rank)
                .withLanes(arguments[1])
                .withProtection(Protection.fromEnvironment()),
            List.of(arguments[2], arguments[3]));
    Thread.ofPlatform().daemon().name("chaos-input").start(node::heed);
    Thread.ofPlatform().daemon().name("chaos-memory").start(node::allocate);
    List<String> http = List.of(arguments[4], arguments[5]);
    SimpHttpWorker worker = node.serve(http, Path.of(arguments[6]));
    try (worker) {
      node.work();
    }
    node.tell("tally " + node.tally.toJson());
  }

  private void heed() {
    try {
      for (int next = System.in.read(); next >= 0; next = System.in.read()) {
        stopping |= next == '\n';
        if (next == 'h') {
          tell("heap " + Measured.heap());
        }
      }
    } catch (IOException e) {
      // As good as its end.
    }
    Runtime.getRuntime().halt(1);
  }

  /** Memory is there or is refused, in order, whatever this process may have at present. */
  private void allocate() {
    while (true) {
      try {
        Buffer.allocate(LARGE).close();
      } catch (HawserException e) {
        if (e.code() != ErrorCode.OUT_OF_MEMORY) {
          tally.crashed("memory is refused with " + e);
        }
      }
      LockSupport.parkNanos(RETRY_NANOS);
    }
  }

  private void tell(String line) {
    out.println(line);
  }

  private SimpHttpWorker serve(List<String> http, Path store) {
    HostPort own = HostPort.parse(http.get(rank));
    var worker =
        SimpHttpWorker.open(
            HttpOptions.DEFAULT
                .withAddress(own.host(), own.port())
                .withProtection(Protection.fromEnvironment())
                .withPatience(Duration.ofSeconds(10)),
            rank,
            http,
            Work.registry(),
            WorkerOptions.DEFAULT
                .withPeerTimeout(Duration.ofSeconds(8))
                .withJobTimeout(Duration.ofSeconds(15))
                .withStopTimeout(Duration.ofSeconds(1))
                .withStore(store));
    tell("serves " + ProcessHandle.current().pid());
    return worker;
  }

  private void work() {
    while (!stopping) {
      try {
        join();
      } catch (HawserException e) {
        tell("apart " + e.getMessage().replace('\n', ' '));
        LockSupport.parkNanos(RETRY_NANOS);
      } catch (RuntimeException e) {
        tally.crashed("rank %d: %s".formatted(rank, e));
        throw e;
      }
    }
  }

  /** Lanes of its own for each time: what the lost ones held is gone with them. */
  private void join() {
    HostPort own = HostPort.parse(places.get(rank));
    try (Lanes lanes = Lanes.open(options);
        LaneServer server = lanes.listen(own.host(), own.port());
        LaneCommunicator communicator =
            Waits.within(
                tally,
                JOIN.multipliedBy(3),
                "rank %d joins".formatted(rank),
                () -> LaneCommunicator.connect(lanes, server, places, JOIN));
        PortPair ports = new PortPair(communicator, options, own.host(), tally);
        Talk talk = new Talk(communicator, 1 - rank, "node", 0, tally)) {
      tell("joined " + ++joins);
      exchange(talk, ports);
    }
  }

  private void exchange(Talk talk, PortPair ports) {
    long mine;
    long theirs;
    do {
      mine = stopping ? 1 : 0;
      theirs = talk.round(mine);
      ports.round();
      if (talk.rounds() % ROUNDS_TOLD == 0) {
        tell("rounds " + talk.rounds());
      }
    } while (mine == 0 && theirs == 0);
    stopping = true;
  }
}
