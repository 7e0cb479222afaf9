package org.hawser.simp;

import static org.hawser.simp.Programs.call;
import static org.hawser.simp.Programs.graph;
import static org.hawser.simp.Programs.op;
import static org.hawser.simp.Programs.pcall;
import static org.hawser.simp.Programs.ranks;
import static org.hawser.simp.Programs.shuffle;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** How every driver runs jobs, and ends those that fail. */
@Timeout(120)
abstract class HostContract {
  /** Much less than a worker waits for a peer, much more than a machine under load needs. */
  private static final Duration SOON = Duration.ofSeconds(20);

  static final List<Long> BOTH = List.of(0L, 1L);

  SimpHost host;

  /**
   * A host of so many parties, which wait for their peers for {@link
   * Worker.Options#DEFAULT_TIMEOUT} and keep everything in memory. Closing it ends its workers too.
   */
  protected abstract SimpHost open(int parties, OpRegistry registry) throws Exception;

  /** Closes the host of the test, if it has opened one. */
  @AfterEach
  final void closeHost() {
    if (host != null) {
      host.close();
    }
  }

  final SimpHost open(int parties) {
    return open(Programs.registry(), parties);
  }

  final SimpHost open(OpRegistry registry, int parties) {
    try {
      host = open(parties, registry);
    } catch (Exception e) {
      throw new AssertionError("the host does not open", e);
    }
    return host;
  }

  /** Runs a program without inputs, and brings all its results here: by output, then by rank. */
  final List<List<Object>> results(Graph program) {
    return host.run(program, List.of()).stream().map(host::fetchAll).toList();
  }

  static List<Object> parts(Object... parts) {
    return Arrays.asList(parts);
  }

  @Test
  void unknownOpcodesAndFunctionsAreNamed() {
    open(2);
    HawserException opcode =
        assertFails(ErrorCode.UNSUPPORTED, graph(0, (b, _) -> List.of(op(b, "phe.encrypt"))));
    assertContains(opcode, "phe.encrypt (op0)");
    assertContains(opcode, "rank ");
    HawserException function =
        assertFails(ErrorCode.UNSUPPORTED, graph(0, (b, _) -> List.of(call(b, "mean"))));
    assertContains(function, "no function mean");
    assertContains(function, "divmod");
    assertContains(function, "Functions.register");
  }

  @Test
  void whatAFunctionThrowsIsNamedButNotQuoted() {
    open(
        Programs.registry()
            .register(
                "test.fail",
                (_, _, _) -> {
                  throw new IllegalStateException("secret 4711");
                }),
        2);
    HawserException failure =
        assertFails(ErrorCode.INTERNAL, graph(0, (b, _) -> List.of(op(b, "test.fail"))));
    assertContains(failure, "java.lang.IllegalStateException at ");
    assertTrue(!failure.getMessage().contains("4711"), failure.getMessage());
  }

  @Test
  void aFailureAtOnePartyEndsTheJobAtAllOfThem() {
    open(3);
    // Rank 2 fails; rank 0 waits for rank 1, which waits for rank 2.
    Graph fails = graph(0, (b, _) -> List.of(call(b, "unheard")));
    Graph program =
        graph(
            0,
            (b, _) -> {
              Value bad = pcall(b, List.of(2L), fails).getFirst();
              Value moved = shuffle(b, Map.of(1L, 2L), bad);
              return List.of(shuffle(b, Map.of(0L, 1L), moved));
            });
    long begin = System.nanoTime();
    HawserException failure = assertFails(ErrorCode.UNSUPPORTED, program);
    assertContains(failure, "rank 2");
    assertTrue(System.nanoTime() - begin < SOON.toNanos(), "the others were waited for");
    // And the parties do the next job.
    assertEquals(
        List.of(parts(1L, 0L, null)),
        results(graph(0, (b, _) -> List.of(shuffle(b, Map.of(0L, 1L, 1L, 0L), ranks(b))))));
  }

  @Test
  void jobsOfManyThreadsDoNotMix() throws Exception {
    open(2);
    Graph program =
        graph(
            1,
            (b, in) -> {
              Value x = in.getFirst();
              for (int i = 0; i < 5; i++) {
                x = call(b, "add", shuffle(b, Map.of(0L, 1L, 1L, 0L), x), ranks(b));
              }
              return List.of(x);
            });
    List<CompletableFuture<Void>> threads = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      threads.add(CompletableFuture.runAsync(() -> swapOften(program), Thread::startVirtualThread));
    }
    for (CompletableFuture<Void> thread : threads) {
      thread.get(100, TimeUnit.SECONDS);
    }
  }

  private void swapOften(Graph program) {
    for (int i = 0; i < 20; i++) {
      HostVar x = host.run(graph(0, (b, _) -> List.of(ranks(b))), List.of()).getFirst();
      HostVar y = host.run(program, List.of(x)).getFirst();
      // Five swaps, after each of which rank 1 adds one.
      assertEquals(parts(3L, 3L), host.fetchAll(y));
      host.release(y);
      host.release(x);
    }
  }

  @Test
  void valuesOfOtherHostsAndMissingInputsAreRefused() {
    open(2);
    Graph same = graph(1, (_, in) -> in);
    assertInvalid("takes 1 inputs, not 0", () -> host.run(same, List.of()));
    HostVar stranger = new HostVar(List.of("mem://00"));
    assertInvalid("of 1 parties", () -> host.run(same, List.of(stranger)));
    String nowhere = "mem://" + "0".repeat(32);
    HostVar lost = new HostVar(Arrays.asList(nowhere, nowhere));
    assertContains(
        assertThrows(HawserException.class, () -> host.run(same, List.of(lost))), nowhere);
    assertContains(assertThrows(HawserException.class, () -> host.fetch(lost, 0)), nowhere);
  }

  @Test
  void wrongGraphsAreErrorsNotHangs() {
    open(2);
    assertContains(
        assertFails(
            ErrorCode.INVALID_ARGUMENT,
            graph(0, (b, _) -> List.of(pcall(b, List.of(0L, 7L), "one")))),
        "no party 7");
    assertContains(
        assertFails(
            ErrorCode.INVALID_ARGUMENT,
            graph(0, (b, _) -> List.of(shuffle(b, Map.of(0L, 2L), ranks(b))))),
        "no party 2");
    assertContains(
        assertFails(
            ErrorCode.INVALID_ARGUMENT,
            graph(
                0,
                (b, _) ->
                    b.op("simp.pcall_static", List.of(), List.of(), Map.of("parties", BOTH)))),
        "0 regions");
  }

  final HawserException assertFails(ErrorCode code, Graph program) {
    HawserException failure =
        assertThrows(HawserException.class, () -> host.run(program, List.of()));
    assertEquals(code, failure.code(), failure.getMessage());
    assertContains(failure, "job ");
    return failure;
  }

  static void assertInvalid(String part, Executable action) {
    HawserException failure = assertThrows(HawserException.class, action);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertContains(failure, part);
  }

  static void assertContains(HawserException failure, String part) {
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
