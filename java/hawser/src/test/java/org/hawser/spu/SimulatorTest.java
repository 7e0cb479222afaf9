package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.hawser.link.LinkMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@RequiresSpu
@Timeout(60)
class SimulatorTest {
  private static final RuntimeConfig ABY3 = RuntimeConfig.of(Protocol.ABY3, Field.FM64);
  private static final RuntimeConfig SEMI2K = RuntimeConfig.of(Protocol.SEMI2K, Field.FM64);
  private static final float[] X = {1, -2, 3, 4.5f, 0, 7};
  private static final float[] Y = {0, -1, 2, 5, 0.5f, -7};
  private static final boolean[] X_IS_GREATER = {true, false, true, false, false, true};

  @ParameterizedTest
  @CsvSource({
    "REF2K, FM64, 2, CHANNELS",
    "REF2K, FM64, 2, MEM",
    "SEMI2K, FM64, 2, CHANNELS",
    "SEMI2K, FM64, 2, MEM",
    "SEMI2K, FM128, 4, CHANNELS",
    "ABY3, FM64, 3, CHANNELS",
    "ABY3, FM64, 3, MEM",
    "ABY3, FM32, 3, CHANNELS",
    "CHEETAH, FM64, 2, CHANNELS",
    "CHEETAH, FM64, 2, MEM",
    "SECURENN, FM64, 3, CHANNELS",
    "SECURENN, FM64, 3, MEM"
  })
  void everyProtocolComputesTheSameOverEveryLink(
      Protocol protocol, Field field, int parties, LinkMode mode) {
    RuntimeConfig config = RuntimeConfig.of(protocol, field);
    var simulator =
        Simulator.of(parties, config).withOptions(SessionOptions.DEFAULT.withLinkMode(mode));
    SpuExecutable compare = SpuCompiler.compile(Programs.compare(X.length));
    SpuExecutable multiply = SpuCompiler.compile(Programs.multiply(4));

    List<List<Tensor>> results =
        simulator.run(
            session -> {
              session.input("x", 0, session.rank() == 0 ? Tensor.of(X, X.length) : null);
              session.input("y", 1, session.rank() == 1 ? Tensor.of(Y, Y.length) : null);
              session.run(compare);
              Tensor greater = session.revealToAll("z");
              session.input("x", 1, Tensor.of(new int[] {1, -2, 30000, 7}, 4));
              session.input("y", 0, Tensor.of(new int[] {5, 6, 7, -8}, 4));
              session.run(multiply);
              return List.of(greater, session.revealToAll("z"));
            });

    assertEquals(parties, results.size());
    for (List<Tensor> result : results) {
      assertArrayEquals(X_IS_GREATER, result.get(0).toBooleans());
      assertEquals(Tensor.of(new int[] {5, -12, 210000, -56}, 4), result.get(1));
    }
  }

  @Test
  void revealsToOneRankAlone() {
    List<Optional<Tensor>> results =
        Simulator.of(3, ABY3)
            .run(
                session -> {
                  session.input("x", 2, Tensor.of(X, X.length));
                  return session.reveal("x", 1);
                });

    assertEquals(Optional.empty(), results.get(0));
    assertEquals(Optional.of(Tensor.of(X, X.length)), results.get(1));
    assertEquals(Optional.empty(), results.get(2));
  }

  @Test
  void ranksThatDoNotComputeGiveInputsAndLearnResults() {
    SpuExecutable compare = SpuCompiler.compile(Programs.compare(X.length));

    List<Optional<Tensor>> results =
        Simulator.of(2, SEMI2K)
            .withOnlookers(2)
            .run(
                session -> {
                  assertEquals(session.rank() < 2, session.isParty());
                  session.input("x", 3, Tensor.of(X, X.length));
                  session.input("y", 0, Tensor.of(Y, Y.length), Visibility.PUBLIC);
                  session.run(compare);
                  session.delete("x");
                  return session.reveal("z", 2);
                });

    assertArrayEquals(X_IS_GREATER, results.get(2).orElseThrow().toBooleans());
    assertEquals(Optional.empty(), results.get(0));
  }

  @Test
  void countsWhatItSends() {
    SpuExecutable compare = SpuCompiler.compile(Programs.compare(X.length));
    List<SessionStatistics> statistics =
        Simulator.of(3, ABY3)
            .run(
                session -> {
                  session.input("x", 0, Tensor.of(X, X.length));
                  session.input("y", 0, Tensor.of(Y, Y.length));
                  session.run(compare);
                  return session.statistics();
                });

    assertEquals(4, statistics.get(0).shareMessages());
    assertEquals(0, statistics.get(1).shareMessages());
    for (SessionStatistics each : statistics) {
      assertTrue(each.linkMessages() > 0 && each.linkBytes() > each.linkMessages(), each::toString);
    }
  }

  @Test
  void opensNoPort() throws Exception {
    Set<String> before = listening();
    for (LinkMode mode : List.of(LinkMode.CHANNELS, LinkMode.MEM)) {
      Simulator.of(2, SEMI2K)
          .withOptions(SessionOptions.DEFAULT.withLinkMode(mode))
          .run(
              session -> {
                session.input("x", 0, Tensor.of(X, X.length));
                assertEquals(before, listening());
                return session.revealToAll("x");
              });
    }
    assertEquals(before, listening());
  }

  /** The inodes of this process's sockets that listen. */
  private static Set<String> listening() {
    try {
      var own = new TreeSet<String>();
      try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
        for (Path descriptor : descriptors.toList()) {
          if (Files.isSymbolicLink(descriptor)) {
            own.add(Files.readSymbolicLink(descriptor).toString());
          }
        }
      }
      var listening = new TreeSet<String>();
      for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
        for (String line : Files.readAllLines(Path.of(table))) {
          String[] columns = line.strip().split("\\s+");
          String inode = columns.length > 9 ? "socket:[" + columns[9] + "]" : "";
          if (columns.length > 9 && columns[3].equals("0A") && own.contains(inode)) {
            listening.add(inode);
          }
        }
      }
      return listening;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void raisesTheFirstFailureAndWakesTheOthers() {
    var simulator = Simulator.of(3, ABY3);
    var reason = new IllegalStateException("no data today");
    long start = System.nanoTime();

    var failure =
        assertThrows(
            HawserException.class,
            () ->
                simulator.run(
                    session -> {
                      if (session.rank() == 1) {
                        throw reason;
                      }
                      session.input("x", 1, null);
                      return null;
                    }));

    assertSame(reason, failure.getCause());
    assertEquals(1, failure.rank());
    assertTrue(
        failure.getMessage().startsWith("simulated rank 1 of 3: java.lang.IllegalState"),
        failure.getMessage());
    assertTrue(System.nanoTime() - start < Duration.ofSeconds(20).toNanos());
    assertEquals(2, failure.getSuppressed().length);
    assertEquals(List.of(0, 1, 2), simulator.run(Session::rank));
  }

  @Test
  void saysWhatIsWrongWithNamesShapesAndPrograms() {
    SpuExecutable compare = SpuCompiler.compile(Programs.compare(X.length));
    var garbage = new SpuExecutable("garbage", List.of("x"), List.of("z"), new byte[] {1, 2, 3});

    assertFailure("symbol x not found", session -> session.runtime().getVar("x"));
    assertFailure("program compare failed", session -> session.run(compare));
    assertFailure(
        "program garbage failed",
        session -> {
          session.input("x", 0, Tensor.of(X, X.length));
          session.run(garbage);
        });
    assertFailure(
        "variable y is of type 4xf32, the program takes 6xf32",
        session -> {
          session.input("x", 0, Tensor.of(X, X.length));
          session.input("y", 0, Tensor.of(new float[] {1, 2, 3, 4}, 4));
          session.run(compare);
        });
    assertFailure(
        "variable y is of type 6xi32, the program takes 6xf32",
        session -> {
          session.input("x", 0, Tensor.of(X, X.length));
          session.input("y", 0, Tensor.of(new int[] {1, 2, 3, 4, 5, 6}, 6));
          session.run(compare);
        });
    assertFailure("owns input 'x'", session -> session.input("x", session.rank(), null));
    assertFailure("no rank 3, only 0 to 2", session -> session.input("x", 3, null));
    assertFailure("no rank -1", session -> session.reveal("x", -1));
    var failure = assertThrows(HawserException.class, () -> Simulator.of(2, ABY3));
    assertEquals("ABY3 takes exactly 3 parties, not 2", failure.getMessage());
  }

  private interface Step {
    void at(Session session);
  }

  private static void assertFailure(String reason, Step step) {
    var simulator =
        Simulator.of(3, ABY3)
            .withOptions(SessionOptions.DEFAULT.withTimeout(Duration.ofSeconds(20)));
    var failure =
        assertThrows(
            HawserException.class,
            () ->
                simulator.run(
                    session -> {
                      step.at(session);
                      return null;
                    }));
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
  }

  @Test
  void anInterruptEndsIt() throws Exception {
    Thread caller = Thread.currentThread();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                Thread.sleep(300);
              } catch (InterruptedException e) {
                return;
              }
              caller.interrupt();
            });

    var failure =
        assertThrows(
            HawserException.class,
            () ->
                Simulator.of(2, SEMI2K)
                    .run(
                        session -> {
                          session.input("x", 1 - session.rank(), null);
                          return null;
                        }));

    assertEquals(ErrorCode.CANCELLED, failure.code());
    assertTrue(Thread.interrupted());
  }
}
