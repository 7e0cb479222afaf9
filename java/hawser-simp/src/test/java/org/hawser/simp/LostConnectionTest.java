package org.hawser.simp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.http.CuttingProxy;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;
import org.hawser.simp.ir.Graph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A driver whose connections to a worker are cut while it waits for an answer. */
@Timeout(120)
class LostConnectionTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final AtomicInteger runs = new AtomicInteger();
  private final Semaphore running = new Semaphore(0);
  private final Semaphore mayEnd = new Semaphore(0);
  private final HttpWorkers workers =
      new HttpWorkers(
          1, Programs.registry().register("test.slow", (_, _, _) -> slow()), WorkerOptions.DEFAULT);
  private final CuttingProxy proxy =
      new CuttingProxy(HostPort.parse(workers.endpoints().getFirst()));
  private final SimpHttpDriver driver =
      SimpHttpDriver.connect(
          HttpOptions.DEFAULT, List.of(proxy.address().toString()), LONG.multipliedBy(2));

  private Object[] slow() {
    running.release();
    mayEnd.acquireUninterruptibly();
    return new Object[] {(long) runs.incrementAndGet()};
  }

  private CompletableFuture<List<HostVar>> start() throws Exception {
    Graph program = Programs.graph(0, (b, _) -> List.of(Programs.op(b, "test.slow")));
    var job =
        CompletableFuture.supplyAsync(
            () -> driver.run(program, List.of()), Thread::startVirtualThread);
    assertTrue(running.tryAcquire(LONG.toSeconds(), TimeUnit.SECONDS), "the job runs");
    return job;
  }

  @AfterEach
  void close() {
    mayEnd.release(10);
    driver.close();
    proxy.close();
    workers.close();
  }

  @Test
  void aJobGoesOnAndRunsOnce() throws Exception {
    var job = start();
    proxy.cutAll();
    // Long enough to come again, and to be cut once more in the same job.
    Thread.sleep(300);
    proxy.cutAll();
    Thread.sleep(300);
    mayEnd.release();
    HostVar result = job.get(LONG.toSeconds(), TimeUnit.SECONDS).getFirst();
    assertEquals(1L, driver.fetch(result, 0));
    assertEquals(1, runs.get());
  }

  @Test
  void aWorkerThatStaysAwayIsAnErrorSoon() throws Exception {
    var job = start();
    long begin = System.nanoTime();
    proxy.close();
    var failure =
        (HawserException)
            assertThrows(
                    ExecutionException.class, () -> job.get(LONG.toSeconds(), TimeUnit.SECONDS))
                .getCause();
    assertEquals(ErrorCode.LINK_FAILED, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains("rank 0 at " + proxy.address()), failure::getMessage);
    assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(10), "it took long");
  }
}
