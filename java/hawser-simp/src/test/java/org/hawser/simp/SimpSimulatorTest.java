package org.hawser.simp;

import static org.hawser.simp.Programs.graph;
import static org.hawser.simp.Programs.op;
import static org.hawser.simp.Programs.ranks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.hawser.simp.ir.Graph;
import org.junit.jupiter.api.Test;

/** What every driver does, on threads, and what only threads do. */
class SimpSimulatorTest extends SimpContract {
  @Override
  protected SimpHost open(int parties, OpRegistry registry) {
    return SimpSimulator.open(parties, registry);
  }

  @Test
  void partiesComputeAtTheSameTime() {
    var barrier = new CyclicBarrier(3);
    OpRegistry registry =
        Programs.registry().register("test.meet", (_, _, _) -> new Object[] {await(barrier) >= 0});
    try (SimpSimulator simulator = SimpSimulator.open(3, registry)) {
      Graph program = graph(0, (b, _) -> List.of(op(b, "test.meet")));
      for (int i = 0; i < 20; i++) {
        HostVar met = simulator.run(program, List.of()).getFirst();
        assertEquals(List.of(true, true, true), simulator.fetchAll(met));
      }
    }
  }

  private static int await(CyclicBarrier barrier) {
    try {
      return barrier.await(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("the other parties do not run", e);
    }
  }

  @Test
  void valuesAreHandedOverByReference() {
    Object value = new Object();
    OpRegistry registry =
        Programs.registry().register("test.value", (_, _, _) -> new Object[] {value});
    try (SimpSimulator simulator = SimpSimulator.open(2, registry)) {
      HostVar kept =
          simulator.run(graph(0, (b, _) -> List.of(op(b, "test.value"))), List.of()).getFirst();
      HostVar same = simulator.run(graph(1, (_, in) -> in), List.of(kept)).getFirst();
      assertSame(value, simulator.fetch(same, 1));
    }
  }

  @Test
  void manySmallJobsNeedFewThreads() {
    try (SimpSimulator simulator = SimpSimulator.open(2, Programs.registry())) {
      Graph program = graph(0, (b, _) -> List.of(ranks(b)));
      int before = partyThreads();
      for (int i = 0; i < 5_000; i++) {
        simulator.release(simulator.run(program, List.of()).getFirst());
      }
      // One thread for rank 1; a second one where the first had not come to rest yet.
      assertTrue(partyThreads() - before <= 3, "threads: " + (partyThreads() - before));
    }
  }

  private static int partyThreads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("hawser-party-"))
            .count();
  }

  @Override
  protected int randomPrograms() {
    return 150;
  }
}
