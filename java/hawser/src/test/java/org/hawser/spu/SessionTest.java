package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.LaneWorld;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.ffi.Leftovers;
import org.hawser.ffi.RequiresSpu;
import org.hawser.ffi.SpuLibrary;
import org.hawser.link.LinkMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@RequiresSpu
@Timeout(100)
class SessionTest {
  private static final RuntimeConfig ABY3 = RuntimeConfig.of(Protocol.ABY3, Field.FM64);
  private static final RuntimeConfig SEMI2K = RuntimeConfig.of(Protocol.SEMI2K, Field.FM64);
  private static final List<Integer> THREE = List.of(0, 1, 2);
  private static final List<Integer> TWO = List.of(0, 1);
  private static final SessionOptions OPTIONS =
      SessionOptions.DEFAULT.withTimeout(Duration.ofSeconds(20));
  private static final int ELEMENTS = 8;
  private static final SpuSource MULTIPLY = Programs.multiply(ELEMENTS);

  @Test
  void aPartyThatDiesInAProgramIsNamedByTheOthers() throws Exception {
    List<ThreadCommunicator> world = ThreadCommunicator.world(3);
    var dying = new FaultyCommunicator(world.get(2), world.get(2)::close);
    long start = System.nanoTime();

    List<Future<Tensor>> ended =
        Ranks.settle(
            List.of(world.get(0), world.get(1), dying),
            communicator -> {
              try (var session = Session.open(communicator, THREE, ABY3, OPTIONS)) {
                session.input("x", 0, Tensor.of(new float[ELEMENTS], ELEMENTS));
                session.input("y", 1, Tensor.of(new float[ELEMENTS], ELEMENTS));
                if (session.rank() == 2) {
                  dying.failAfter(1);
                }
                session.run(SpuCompiler.compile(Programs.compare(ELEMENTS)));
                return session.revealToAll("z");
              }
            });

    assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(19));
    for (int rank : TWO) {
      var failure = assertInstanceOf(HawserException.class, Ranks.thrown(ended.get(rank)));
      assertEquals(ErrorCode.LINK_FAILED, failure.code(), failure.getMessage());
      assertTrue(failure.getMessage().contains("program compare failed"), failure.getMessage());
      assertTrue(failure.getMessage().contains("rank 2"), failure.getMessage());
    }
    assertInstanceOf(HawserException.class, Ranks.thrown(ended.get(2)));

    // Those that are left go on, over the same communicators and in the same process.
    List<Tensor> products =
        Ranks.run(
            world.subList(0, 2),
            communicator -> product(communicator, TWO, SEMI2K, OPTIONS.withId("next"), 3));
    products.forEach(product -> assertEquals(expected(3), product));
    world.forEach(Communicator::close);
  }

  @Test
  void whatAChannelThrowsIsTheCause() throws Exception {
    var reason = new UnsupportedOperationException("no more today");
    List<ThreadCommunicator> world = ThreadCommunicator.world(2);
    var faulty =
        new FaultyCommunicator(
            world.get(1),
            () -> {
              throw reason;
            });

    List<Future<Tensor>> ended =
        Ranks.settle(
            List.of(world.get(0), faulty),
            communicator -> {
              try (var session = Session.open(communicator, TWO, SEMI2K, OPTIONS)) {
                inputs(session, 1);
                if (session.rank() == 1) {
                  faulty.failAfter(0);
                }
                session.run(SpuCompiler.compile(MULTIPLY));
                return session.revealToAll("z");
              }
            });

    var failure = assertInstanceOf(HawserException.class, Ranks.thrown(ended.get(1)));
    assertSame(reason, failure.getCause());
    assertEquals(ErrorCode.LINK_FAILED, failure.code());
    assertTrue(failure.getMessage().contains("no more today"), failure.getMessage());
    var other = assertInstanceOf(HawserException.class, Ranks.thrown(ended.get(0)));
    assertTrue(other.getMessage().contains("rank 1 gave up: "), other.getMessage());
    assertTrue(other.getMessage().contains("no more today"), other.getMessage());
    world.forEach(Communicator::close);
  }

  @Test
  void aPartyThatDoesNotComeIsATimeout() {
    List<ThreadCommunicator> world = ThreadCommunicator.world(2);
    SessionOptions options = OPTIONS.withTimeout(Duration.ofMillis(300));

    var failure =
        assertThrows(HawserException.class, () -> Session.open(world.get(0), TWO, SEMI2K, options));

    assertTrue(failure.getMessage().contains("rank 1"), failure.getMessage());
    world.forEach(Communicator::close);
  }

  @Test
  void partiesMustBeRanksThatThereAre() {
    List<ThreadCommunicator> world = ThreadCommunicator.world(2);

    assertInvalid(() -> Session.open(world.get(0), List.of(0, 2), SEMI2K));
    assertInvalid(() -> Session.open(world.get(1), List.of(0, 2), SEMI2K));
    assertInvalid(() -> Session.open(world.get(0), List.of(1, 0), SEMI2K));
    assertInvalid(() -> Session.open(world.get(0), List.of(0), SEMI2K));
    assertInvalid(() -> Session.open(world.get(0), TWO, ABY3));
    assertInvalid(() -> OPTIONS.withId("a/b"));
    world.forEach(Communicator::close);
  }

  private static void assertInvalid(Runnable action) {
    var failure = assertThrows(HawserException.class, action::run);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
  }

  /** Each rank runs two sessions on threads of their own, over one communicator. */
  @Test
  void sessionsOverTheSameRanksDoNotMix() throws Exception {
    List<ThreadCommunicator> world = ThreadCommunicator.world(3);

    List<List<Tensor>> results =
        Ranks.run(
            world,
            communicator -> {
              try (var threads = Executors.newFixedThreadPool(2)) {
                Future<Tensor> first =
                    threads.submit(() -> product(communicator, THREE, ABY3, OPTIONS, 3));
                SessionOptions other = OPTIONS.withId("other");
                Future<Tensor> second =
                    threads.submit(() -> product(communicator, THREE, SEMI2K, other, 5));
                return List.of(first.get(), second.get());
              }
            });

    results.forEach(result -> assertEquals(List.of(expected(3), expected(5)), result));
    world.forEach(Communicator::close);
  }

  /** The product after many runs of one session. */
  private static Tensor product(
      Communicator communicator,
      List<Integer> parties,
      RuntimeConfig config,
      SessionOptions options,
      int factor) {
    SpuExecutable multiply = SpuCompiler.compile(MULTIPLY);
    try (var session = Session.open(communicator, parties, config, options)) {
      Tensor product = null;
      for (int i = 0; i < 10; i++) {
        inputs(session, factor);
        session.run(multiply);
        product = session.reveal("z", parties).orElseThrow();
      }
      return product;
    }
  }

  /** Variables x and y: y is the factor times x. */
  private static void inputs(Session session, int factor) {
    session.input("x", 0, numbers(1));
    session.input("y", 1, numbers(factor));
  }

  private static Tensor numbers(int factor) {
    var values = new int[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      values[i] = i * factor;
    }
    return Tensor.of(values, ELEMENTS);
  }

  private static Tensor expected(int factor) {
    var values = new int[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      values[i] = i * i * factor;
    }
    return Tensor.of(values, ELEMENTS);
  }

  @Test
  void runsOverLanes() throws Exception {
    try (var lanes = new LaneWorld(3)) {
      List<Tensor> products =
          Ranks.run(lanes.ranks(), communicator -> product(communicator, THREE, ABY3, OPTIONS, 7));
      products.forEach(product -> assertEquals(expected(7), product));
    }
  }

  @Test
  void aHundredSessionsLeaveNothingBehind() throws Exception {
    Simulator simulator = Simulator.of(3, ABY3).withOptions(OPTIONS);
    SpuExecutable multiply = SpuCompiler.compile(MULTIPLY);
    Runnable run =
        () ->
            simulator.run(
                session -> {
                  inputs(session, 3);
                  session.run(multiply);
                  return session.revealToAll("z");
                });
    for (int i = 0; i < 20; i++) {
      run.run();
    }
    SpuLibrary.Live live = SpuLibrary.reclaim();
    long threads = status("Threads:");
    long kilobytes = status("VmRSS:");

    for (int i = 0; i < 100; i++) {
      run.run();
    }

    Leftovers.assertNoneSince(live);
    assertTrue(status("Threads:") <= threads + 5, "threads were left behind");
    long grown = status("VmRSS:") - kilobytes;
    assertTrue(grown < 100_000, () -> "grew by %d kB".formatted(grown));
  }

  private static long status(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aStateOpensADeviceOnceAndKeepsDevicesApart() throws Exception {
    List<ThreadCommunicator> world = ThreadCommunicator.world(2);
    List<List<Session>> sessions =
        Ranks.run(
            world,
            communicator -> {
              var state = new SPUState(communicator, OPTIONS);
              try (var threads = Executors.newFixedThreadPool(2)) {
                int rank = communicator.rank();
                RuntimeConfig other = RuntimeConfig.of(Protocol.SEMI2K, Field.FM128);
                // In another order at each rank, as devices that have nothing to do with each
                // other.
                Future<Session> first =
                    threads.submit(
                        () ->
                            state.getOrCreate(
                                rank, 2, rank == 0 ? SEMI2K : other, LinkMode.CHANNELS, TWO));
                Future<Session> second =
                    threads.submit(
                        () ->
                            state.getOrCreate(
                                rank, 2, rank == 0 ? other : SEMI2K, LinkMode.CHANNELS, TWO));
                Session mine = (rank == 0 ? first : second).get();
                Session others = (rank == 0 ? second : first).get();
                assertNotSame(mine, others);
                assertSame(mine, state.getOrCreate(rank, 2, SEMI2K, LinkMode.CHANNELS, TWO));
                Session inMemory = state.getOrCreate(rank, 2, SEMI2K, LinkMode.MEM, TWO);
                assertNotSame(mine, inMemory);
                for (Session session : List.of(mine, others, inMemory)) {
                  inputs(session, 3);
                  session.run(SpuCompiler.compile(MULTIPLY));
                  assertEquals(expected(3), session.revealToAll("z"));
                }
                assertInvalid(() -> state.getOrCreate(1 - rank, 2, SEMI2K, LinkMode.CHANNELS, TWO));
                assertInvalid(() -> state.getOrCreate(rank, 3, SEMI2K, LinkMode.CHANNELS, TWO));
                state.close();
                var failure =
                    assertThrows(
                        HawserException.class,
                        () -> state.getOrCreate(rank, 2, SEMI2K, LinkMode.CHANNELS, TWO));
                assertEquals(ErrorCode.CLOSED, failure.code());
                return List.of(mine, others);
              }
            });
    assertEquals(2, sessions.size());
    world.forEach(Communicator::close);
  }
}
