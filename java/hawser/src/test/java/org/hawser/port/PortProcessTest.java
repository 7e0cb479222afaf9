package org.hawser.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.hawser.port.Side.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Jvm;
import org.hawser.comm.Background;
import org.hawser.launch.Launch;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranks that are processes, as in use: they exchange, and some of them die. */
@Timeout(180)
class PortProcessTest {
  private static final int SHARE = 256 << 10;
  private static final int ROUNDS = 50;

  /** One of a rank's peers. */
  private record Peer(int rank, PortChannel channel) {}

  /** A rank that is connected with all others; each has a share of everybody's memory. */
  private static final class Rank implements AutoCloseable {
    final Launch launch;
    final PortContext context;
    final Buffer buffer;
    final ProxyService proxy;
    final List<Peer> peers = new ArrayList<>();

    Rank(int rank, int size, String meetingPoint, Transport transport) {
      launch = Launch.join(rank, size, meetingPoint, SOON);
      context = PortContext.open(Side.options(rank), "127.0.0.1");
      buffer = Buffer.allocateShared((long) size * SHARE);
      proxy = new ProxyService(context);
      var memory = context.register(buffer.segment(), transport);
      PortBootstrap.over(launch, context)
          .meetAll(EndpointConfig.of(transport), memory, SOON)
          .forEach(peer -> peers.add(new Peer(peer.rank(), peer.channel(proxy, memory))));
      proxy.startProxy();
    }

    long share(int rank) {
      return (long) rank * SHARE;
    }

    /** Puts this rank's share into everybody's memory and checks what the others put here. */
    void exchange(long round) {
      for (long at = 0; at < SHARE; at += Long.BYTES) {
        buffer.segment().set(JAVA_LONG, share(launch.rank()) + at, word(launch.rank(), round, at));
      }
      peers.forEach(
          peer -> peer.channel.putWithSignal(share(launch.rank()), share(launch.rank()), SHARE));
      for (Peer peer : peers) {
        peer.channel.awaitSignal(SOON);
        for (long at = 0; at < SHARE; at += Long.BYTES) {
          long found = buffer.segment().get(JAVA_LONG, share(peer.rank) + at);
          if (found != word(peer.rank, round, at)) { // JUnit is not where the others run
            throw new IllegalStateException("round " + round + ": wrong data at " + at);
          }
        }
      }
      // Nobody writes the next round before all have read this one.
      peers.forEach(peer -> peer.channel.flush(SOON));
      peers.forEach(peer -> peer.channel.signal());
      peers.forEach(peer -> peer.channel.awaitSignal(SOON));
    }

    private static long word(int rank, long round, long at) {
      return (round * 31 + rank) * 0x9E3779B97F4A7C15L + at;
    }

    @Override
    public void close() {
      context.close();
      buffer.close();
      launch.close();
    }
  }

  /** Arguments: rank, size, where to meet, transport, and whether to wait for ever at the end. */
  public static void main(String[] arguments) {
    int rank = Integer.parseInt(arguments[0]);
    int size = Integer.parseInt(arguments[1]);
    try (var self = new Rank(rank, size, arguments[2], Transport.parse(arguments[3]))) {
      for (long round = 0; round < ROUNDS; round++) {
        self.exchange(round);
      }
      if (Boolean.parseBoolean(arguments[4])) {
        self.peers.getFirst().channel.awaitSignal(Duration.ofSeconds(60));
      }
      self.launch.fence(SOON);
    }
  }

  private static List<Process> others(int size, String point, Transport transport, boolean stay)
      throws IOException {
    Side.assumeAvailable(transport);
    List<Process> processes = new ArrayList<>();
    for (int rank = 1; rank < size; rank++) {
      processes.add(
          Jvm.start(
              PortProcessTest.class,
              Integer.toString(rank),
              Integer.toString(size),
              point,
              transport.title(),
              Boolean.toString(stay)));
    }
    return processes;
  }

  private static String meetingPoint() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void threeProcessesExchange(Transport transport) throws Exception {
    String point = meetingPoint();
    List<Process> processes = others(3, point, transport, false);
    try (var self = new Rank(0, 3, point, transport)) {
      for (long round = 0; round < ROUNDS; round++) {
        self.exchange(round);
      }
      self.launch.fence(SOON);
    } finally {
      for (Process process : processes) {
        end(process, 0);
      }
    }
  }

  private static void end(Process process, int expected) throws InterruptedException {
    boolean ended = process.waitFor(30, TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    assertTrue(ended, "another rank did not end");
    assertEquals(expected, process.exitValue());
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aKilledPeerWakesEveryWaiterAndIsNamed(Transport transport) throws Exception {
    String point = meetingPoint();
    Process process = others(2, point, transport, true).getFirst();
    try (var self = new Rank(0, 2, point, transport)) {
      for (long round = 0; round < ROUNDS; round++) {
        self.exchange(round);
      }
      Peer peer = self.peers.getFirst();
      List<CompletableFuture<HawserException>> users =
          List.of(
              Background.failing(() -> peer.channel.awaitSignal(SOON)),
              Background.failing(
                  () -> {
                    while (true) {
                      peer.channel.flush(SOON);
                    }
                  }),
              Background.failing(
                  () -> {
                    while (true) {
                      peer.channel.put(0, 0, SHARE);
                    }
                  }),
              Background.failing(() -> Background.until(peer.channel::poll)),
              virtual(() -> peer.channel.semaphore().awaitSignal(SOON)));
      Background.pause(50);
      process.destroyForcibly().waitFor();
      long before = System.nanoTime();
      for (var user : users) {
        HawserException failure = Background.join(user);
        assertTrue(failure.code() != ErrorCode.TIMEOUT, failure::getMessage);
        assertEquals(1, failure.rank(), failure::getMessage);
        assertTrue(failure.getMessage().contains("rank 1"), failure::getMessage);
      }
      assertTrue(System.nanoTime() - before < TimeUnit.SECONDS.toNanos(15));
    }
  }

  private static CompletableFuture<HawserException> virtual(Runnable work) {
    var failure = new CompletableFuture<HawserException>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                work.run();
              } catch (HawserException e) {
                failure.complete(e);
              }
            });
    return failure;
  }
}
