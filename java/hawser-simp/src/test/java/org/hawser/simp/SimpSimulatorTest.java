package org.hawser.simp;

import static org.hawser.simp.Programs.call;
import static org.hawser.simp.Programs.graph;
import static org.hawser.simp.Programs.op;
import static org.hawser.simp.Programs.pcall;
import static org.hawser.simp.Programs.ranks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Value;
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

  @Test
  void failedJobsLeaveNothingBehind() {
    List<MemoryStore> stores = List.of(new MemoryStore(), new MemoryStore(), new MemoryStore());
    try (SimpSimulator simulator =
        SimpSimulator.open(3, Programs.registry(), stores::get, Worker.Options.DEFAULT)) {
      Graph fails = graph(0, (b, _) -> List.of(call(b, "unheard")));
      Graph program =
          graph(
              0,
              (b, _) -> {
                List<Value> outputs = new ArrayList<>(pcall(b, List.of(1L), fails));
                outputs.add(ranks(b));
                return outputs;
              });
      assertThrows(HawserException.class, () -> simulator.run(program, List.of()));
      Background.until(() -> stores.stream().allMatch(store -> store.uris().isEmpty()));
    }
  }

  @Test
  void aCallerThatIsInterruptedAbandonsItsJob() throws Exception {
    var begun = new CountDownLatch(2);
    var ended = new CountDownLatch(1);
    OpRegistry registry =
        Programs.registry()
            .register(
                "test.listen",
                (job, _, _) -> {
                  job.onCancel(_ -> ended.countDown());
                  begun.countDown();
                  return new Object[] {job.conversation().receive((job.rank() + 1) % 2)};
                });
    try (SimpSimulator simulator = SimpSimulator.open(2, registry)) {
      Graph program = graph(0, (b, _) -> List.of(op(b, "test.listen")));
      var failure = new CompletableFuture<HawserException>();
      Thread caller =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () ->
                      failure.complete(
                          assertThrows(
                              HawserException.class, () -> simulator.run(program, List.of()))));
      assertTrue(begun.await(30, TimeUnit.SECONDS));
      caller.interrupt();
      assertEquals(ErrorCode.CANCELLED, failure.get(30, TimeUnit.SECONDS).code());
      assertTrue(ended.await(30, TimeUnit.SECONDS), "the other party listens in vain");
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
