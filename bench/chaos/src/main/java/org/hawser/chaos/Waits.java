package org.hawser.chaos;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Holds every wait of the work to its deadline. What a process stood still for, because it was
 * stopped or the machine had no time for it, is no fault of the wait's: a thread that should wake
 * again and again measures it.
 */
final class Waits {
  /** How much later than its deadline a wait may end. */
  static final Duration GRACE = Duration.ofSeconds(1);

  /** The deadline of whatever should end well although lanes are lost. */
  static final Duration LONG = Duration.ofSeconds(20);

  private static final long TICK_NANOS = 10_000_000;
  private static final long STALL_NANOS = 40_000_000;
  private static final AtomicLong STALLED = new AtomicLong();

  static {
    Thread.ofPlatform().daemon().name("chaos-clock").start(Waits::tick);
  }

  private Waits() {}

  private static void tick() {
    long last = System.nanoTime();
    while (true) {
      LockSupport.parkNanos(TICK_NANOS);
      long now = System.nanoTime();
      if (now - last > STALL_NANOS) {
        STALLED.addAndGet(now - last);
      }
      last = now;
    }
  }

  /** Does what waits for {@code deadline} at most, and counts it when it ends later. */
  static <T> T within(Tally tally, Duration deadline, String what, Supplier<T> wait) {
    long stalled = STALLED.get();
    long start = System.nanoTime();
    try {
      return wait.get();
    } finally {
      long late = System.nanoTime() - start - deadline.plus(GRACE).toNanos();
      if (late > 0 && late > STALLED.get() - stalled) {
        tally.late("%s, by %d ms and the grace".formatted(what, late / 1_000_000));
      }
    }
  }
}
