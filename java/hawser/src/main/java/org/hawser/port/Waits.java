package org.hawser.port;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;

/**
 * How threads wait for native code: a platform thread blocks there, in slices, so that an interrupt
 * or a close is seen; a virtual one would take its carrier along and naps in Java instead.
 */
final class Waits {
  private static final long SLICE_NANOS = 50_000_000;
  private static final long FIRST_NAP_NANOS = 5_000;
  private static final long LONGEST_NAP_NANOS = 1_000_000;

  private Waits() {}

  /** Blocks up to so many nanoseconds, 0: looks; false when the time was over. */
  @FunctionalInterface
  interface Slice {
    boolean await(long nanos);
  }

  /** Tries once, without blocking. */
  @FunctionalInterface
  interface Attempt {
    boolean succeeds();
  }

  /**
   * Waits in slices until one of them tells the end.
   *
   * @param closeable ends the wait when it is closed
   * @param what did not happen, when time is over
   */
  static void await(Slice slice, PortObject closeable, Deadline deadline, Supplier<String> what) {
    if (Thread.currentThread().isVirtual()) {
      retry(() -> slice.await(0), closeable, deadline, what);
      return;
    }
    while (!slice.await(Math.clamp(deadline.left(), 0, SLICE_NANOS))) {
      closeable.requireNotClosed();
      requireTime(deadline, what);
    }
  }

  /** As {@link #retry(Attempt, Deadline, Supplier)}, until {@code closeable} is closed. */
  static void retry(
      Attempt attempt, PortObject closeable, Deadline deadline, Supplier<String> what) {
    retry(
        () -> {
          closeable.requireNotClosed();
          return attempt.succeeds();
        },
        deadline,
        what);
  }

  /** Tries again and again, with naps between that grow to a millisecond. */
  static void retry(Attempt attempt, Deadline deadline, Supplier<String> what) {
    long nap = FIRST_NAP_NANOS;
    while (!attempt.succeeds()) {
      requireTime(deadline, what);
      LockSupport.parkNanos(Math.min(nap, Math.max(1, deadline.left())));
      nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
    }
  }

  private static void requireTime(Deadline deadline, Supplier<String> what) {
    Deadline.checkInterrupt();
    if (deadline.passed()) {
      throw new HawserException(ErrorCode.TIMEOUT, what.get() + " in time");
    }
  }
}
