package org.hawser.chaos;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Whether all faults of a stage's lanes have happened, or there is no more time for them. */
final class Enough {
  static final Duration LIMIT = Duration.ofSeconds(240);

  private static final long LOOK_NANOS = 50_000_000;

  private final List<FaultyLanes> ends;
  private final long end = System.nanoTime() + LIMIT.toNanos();
  private long lookNext = System.nanoTime();
  private boolean reached;

  private Enough(List<FaultyLanes> ends) {
    this.ends = ends;
  }

  static BooleanSupplier of(List<FaultyLanes> ends) {
    return new Enough(ends)::isReached;
  }

  private synchronized boolean isReached() {
    long now = System.nanoTime();
    if (reached || now < lookNext) {
      return reached;
    }
    lookNext = now + LOOK_NANOS;
    reached = now > end || ends.stream().allMatch(FaultyLanes::isDone);
    return reached;
  }
}
