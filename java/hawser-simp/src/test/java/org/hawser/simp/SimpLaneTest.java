package org.hawser.simp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.comm.LaneWorld;
import org.junit.jupiter.api.AfterEach;

/** What every driver does, over lanes between ranks of this process. */
class SimpLaneTest extends SimpContract {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final List<Thread> serving = new ArrayList<>();
  private LaneWorld world;

  @Override
  protected SimpHost open(int parties, OpRegistry registry) {
    world = new LaneWorld(parties + 1);
    for (int rank = 0; rank < parties; rank++) {
      var worker = new SimpLaneWorker(world.rank(rank), registry, WorkerOptions.DEFAULT);
      serving.add(Thread.ofPlatform().start(() -> serve(worker)));
    }
    return new SimpLaneDriver(world.rank(parties), LONG);
  }

  private static void serve(SimpLaneWorker worker) {
    try (worker) {
      worker.serve();
    }
  }

  @AfterEach
  void closeWorld() throws InterruptedException {
    if (world != null) {
      world.close();
    }
    for (Thread thread : serving) {
      assertTrue(thread.join(LONG), "a worker outlives its driver");
    }
  }
}
