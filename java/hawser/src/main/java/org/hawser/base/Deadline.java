package org.hawser.base;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** The end of a wait, on the clock of {@link System#nanoTime}. */
public final class Deadline {
  /** About 73 years: far enough, and far from overflow. */
  private static final long FOREVER = Long.MAX_VALUE / 4;

  private final long at;

  private Deadline(long at) {
    this.at = at;
  }

  public static Deadline in(Duration timeout) {
    try {
      return inNanos(timeout.toNanos());
    } catch (ArithmeticException e) {
      return inNanos(timeout.isNegative() ? 0 : FOREVER);
    }
  }

  public static Deadline inNanos(long nanos) {
    return new Deadline(System.nanoTime() + Math.clamp(nanos, 0, FOREVER));
  }

  /** Nanoseconds left, 0 or below when it has passed. */
  public long left() {
    return at - System.nanoTime();
  }

  /** Nanoseconds left, never below 0. */
  public long leftOrZero() {
    return Math.max(0, left());
  }

  /** What is left, as a timeout of at least a millisecond. */
  public Duration remaining() {
    return Duration.ofNanos(Math.max(left(), 1_000_000));
  }

  public boolean passed() {
    return left() <= 0;
  }

  /**
   * Waits for the future, whatever its result, or for the end of time.
   *
   * @throws HawserException (CANCELLED) when the thread is interrupted
   */
  public void join(CompletableFuture<?> future) {
    try {
      future.get(Math.max(0, left()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // The caller looks at the result itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  /**
   * @throws HawserException (CANCELLED) when the thread is interrupted; its flag stays set
   */
  public static void checkInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
  }

  private static HawserException interrupted() {
    return new HawserException(
        ErrorCode.CANCELLED, "the waiting thread was interrupted; what it waited for goes on");
  }
}
