package org.hawser.simp;

import static org.hawser.simp.Programs.call;
import static org.hawser.simp.Programs.graph;
import static org.hawser.simp.Programs.op;
import static org.hawser.simp.Programs.ranks;
import static org.hawser.simp.Programs.shuffle;
import static org.hawser.simp.Programs.uniformCond;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.comm.Message;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.serde.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerInterpreterTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final HawserException REASON =
      new HawserException(ErrorCode.INVALID_ARGUMENT, "rank 1 has failed");

  private final List<ThreadCommunicator> world = ThreadCommunicator.world(3);
  private final OpRegistry registry = Programs.registry();
  private final List<WorkerInterpreter> opened = new ArrayList<>();

  private WorkerInterpreter worker(int rank, Worker.Options options) {
    var worker = new WorkerInterpreter(world.get(rank), new MemoryStore(), registry, options);
    opened.add(worker);
    return worker;
  }

  private WorkerInterpreter worker(int rank) {
    return worker(rank, Worker.Options.DEFAULT);
  }

  @AfterEach
  void close() {
    opened.forEach(WorkerInterpreter::close);
    world.forEach(ThreadCommunicator::close);
  }

  @Test
  void aJobThatWaitsIsWokenWhenItIsCancelled() {
    WorkerInterpreter worker = worker(0);
    Graph waits = graph(0, (b, _) -> List.of(shuffle(b, Map.of(0L, 1L), ranks(b))));
    var job = Background.failing(() -> worker.evaluate(waits, List.of(), "j1"));
    Background.pause(50);
    worker.cancel("j1", REASON);
    HawserException failure = Background.join(job);
    assertEquals(ErrorCode.CANCELLED, failure.code());
    assertContains(failure, "rank 0, job j1: simp.shuffle (op1): cancelled: rank 1 has failed");
    // Its keys can be used again.
    tell(1, 0, "j1:0", 5L);
    assertEquals(List.of(5L), worker.evaluate(waits, List.of(), "j1"));
  }

  @Test
  void aJobThatIsCancelledFirstNeverBegins() {
    WorkerInterpreter worker = worker(0);
    Graph program = graph(0, (b, _) -> List.of(ranks(b)));
    worker.cancel("j1", REASON);
    HawserException failure =
        assertThrows(HawserException.class, () -> worker.evaluate(program, List.of(), "j1"));
    assertEquals(ErrorCode.CANCELLED, failure.code());
    assertContains(failure, "before it began");
    assertEquals(List.of(0L), worker.evaluate(program, List.of(), "j2"));
  }

  @Test
  void aJobThatComputesEndsBeforeItsNextOperation() throws Exception {
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    registry.register(
        "test.compute",
        (job, _, _) -> {
          begun.countDown();
          awaitQuietly(goOn);
          return new Object[] {1L};
        });
    WorkerInterpreter worker = worker(0);
    Graph program = graph(0, (b, _) -> List.of(call(b, "same", op(b, "test.compute"))));
    var job = Background.failing(() -> worker.evaluate(program, List.of(), "j1"));
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    worker.cancel("j1", REASON);
    goOn.countDown();
    assertContains(Background.join(job), "hawser.call (op1): cancelled");
  }

  @Test
  void anIdRunsOnceAtATimeButAnonymousJobsRunTogether() throws Exception {
    var begun = new CountDownLatch(3);
    var goOn = new CountDownLatch(1);
    registry.register(
        "test.compute",
        (_, _, _) -> {
          begun.countDown();
          awaitQuietly(goOn);
          return new Object[] {1L};
        });
    WorkerInterpreter worker = worker(0);
    Graph program = graph(0, (b, _) -> List.of(op(b, "test.compute")));
    List<CompletableFuture<List<Object>>> jobs = new ArrayList<>();
    for (String id : new String[] {null, null, "j1"}) {
      jobs.add(Background.start(() -> worker.evaluate(program, List.of(), id)));
    }
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    HawserException failure =
        assertThrows(HawserException.class, () -> worker.evaluate(program, List.of(), "j1"));
    assertEquals(ErrorCode.REFUSED, failure.code());
    goOn.countDown();
    for (CompletableFuture<List<Object>> job : jobs) {
      assertEquals(List.of(1L), Background.join(job));
    }
  }

  @Test
  void whatAFailedJobHasNotReceivedIsDropped() {
    WorkerInterpreter worker = worker(0);
    tell(1, 0, "j1:0", "a value that nobody asks for");
    tell(1, 0, "j10:0", "another job's");
    assertThrows(
        HawserException.class,
        () -> worker.evaluate(graph(0, (b, _) -> List.of(op(b, "test.no"))), List.of(), "j1"));
    assertFalse(world.get(0).hasMessage(1, "j1:0"));
    assertTrue(world.get(0).hasMessage(1, "j10:0"));
  }

  @Test
  void valuesGoWithTheirLastUse() {
    List<WeakReference<Object>> made = new ArrayList<>();
    registry
        .register(
            "test.make",
            (_, _, _) -> {
              Object value = new Object();
              made.add(new WeakReference<>(value));
              return new Object[] {value};
            })
        .register("test.use", (_, _, _) -> new Object[] {1L})
        .register(
            "test.gone",
            (_, _, _) -> {
              Background.until(
                  () -> {
                    System.gc();
                    return made.stream().allMatch(value -> value.get() == null);
                  });
              return new Object[] {true};
            });
    // The first value is used, the second one never.
    Graph program =
        graph(
            0,
            (b, _) -> {
              op(b, "test.use", op(b, "test.make"));
              op(b, "test.make");
              ranks(b);
              return List.of(op(b, "test.gone"));
            });
    assertEquals(List.of(true), worker(0).evaluate(program, List.of(), "j1"));
  }

  @Test
  void uniformConditionsTalkAsMplangsPartiesDo() {
    Graph same = graph(0, (b, _) -> List.of(call(b, "one")));
    Graph program = graph(1, (b, in) -> uniformCond(b, true, same, same, in.getFirst()));
    // As a party that is not the first one: tells it twice what it has, and is told twice.
    var second = Background.start(() -> worker(1).evaluate(program, List.of(true), "j1"));
    assertEquals(true, told(1, 0, "j1:0"));
    tell(0, 1, "j1:1", true);
    assertEquals(true, told(1, 0, "j1:2"));
    tell(0, 1, "j1:3", true);
    assertEquals(List.of(1L), Background.join(second));
    // As the first one, which gathers what is told when they differ.
    var first = Background.failing(() -> worker(0).evaluate(program, List.of(true), "j2"));
    for (int round = 0; round < 3; round++) {
      tell(1, 0, "j2:" + 2 * round, false);
      tell(2, 0, "j2:" + 2 * round, true);
    }
    for (int rank = 1; rank < 3; rank++) {
      assertEquals(false, told(0, rank, "j2:1"));
      assertEquals(true, told(0, rank, "j2:3"));
      assertEquals(List.of(true, false, true), told(0, rank, "j2:5"));
    }
    assertContains(Background.join(first), "{0=true, 1=false, 2=true}");
  }

  @Test
  void swapsWithMplangsPartiesAreRefused() {
    WorkerInterpreter worker = worker(0, new Worker.Options(SOON, rank -> rank != 1));
    Graph swap = graph(0, (b, _) -> List.of(shuffle(b, Map.of(0L, 1L, 1L, 0L), ranks(b))));
    HawserException failure =
        assertThrows(HawserException.class, () -> worker.evaluate(swap, List.of(), "j1"));
    assertEquals(ErrorCode.UNSUPPORTED, failure.code());
    assertContains(failure, "use two shuffles");
    // There and back in two shuffles is what mplang's parties can do.
    Graph program =
        graph(
            0, (b, _) -> List.of(shuffle(b, Map.of(0L, 1L), shuffle(b, Map.of(1L, 0L), ranks(b)))));
    var job = Background.start(() -> worker.evaluate(program, List.of(), "j2"));
    assertEquals(0L, told(0, 1, "j2:0"));
    tell(1, 0, "j2:1", 7L);
    assertEquals(List.of(7L), Background.join(job));
  }

  /** Closed with what it was kept for. */
  private static final class Kept implements AutoCloseable {
    private final AtomicBoolean closed = new AtomicBoolean();

    @Override
    public void close() {
      closed.set(true);
    }
  }

  @Test
  void statesLiveAsLongAsTheirJobAndTheirWorker() {
    List<Kept> ofJob = new ArrayList<>();
    List<Kept> ofWorker = new ArrayList<>();
    registry.register(
        "test.keep",
        (job, _, _) -> {
          ofJob.add(job.state(Kept.class, _ -> new Kept()));
          ofWorker.add(job.workerState(Kept.class, _ -> new Kept()));
          return new Object[] {1L};
        });
    Graph program =
        graph(
            0,
            (b, _) -> {
              op(b, "test.keep");
              return List.of(op(b, "test.keep"));
            });
    WorkerInterpreter worker = worker(0);
    worker.evaluate(program, List.of(), "j1");
    worker.evaluate(program, List.of(), "j2");
    assertSame(ofJob.get(0), ofJob.get(1));
    assertNotSame(ofJob.get(0), ofJob.get(2));
    assertTrue(ofJob.stream().allMatch(kept -> kept.closed.get()));
    assertEquals(1, ofWorker.stream().distinct().count());
    assertFalse(ofWorker.getFirst().closed.get());
    worker.close();
    assertTrue(ofWorker.getFirst().closed.get());
  }

  @Test
  void regionsThatAreNestedTooDeepAreErrors() {
    Graph nested = graph(0, (b, _) -> List.of(call(b, "one")));
    for (int depth = 0; depth < 10_000; depth++) {
      Graph inner = nested;
      nested =
          graph(
              0,
              (b, _) ->
                  b.op(
                      "simp.pcall_dynamic",
                      List.of(),
                      List.of(Programs.ANY),
                      Map.of(),
                      List.of(inner)));
    }
    Graph deep = nested;
    HawserException failure =
        assertThrows(HawserException.class, () -> worker(0).evaluate(deep, List.of(), "j1"));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertContains(failure, "nested more than 200 deep");
  }

  private void tell(int from, int to, String key, Object value) {
    try (Arena arena = Arena.ofConfined()) {
      world.get(from).sendSync(to, key, Serde.dumpsBinary(value, arena), SOON);
    }
  }

  private Object told(int from, int to, String key) {
    try (Message message = world.get(to).recv(from, key, SOON)) {
      return Serde.loadsBinary(message.segment());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertContains(HawserException failure, String part) {
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }
}
