package org.hawser.comm;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** How a thread waits. Whoever makes its condition true unparks it. */
@FunctionalInterface
public interface Waiting {
  /**
   * Parks; no longer than a slice at a time, so that a missed wake-up or an interrupt costs no
   * more.
   */
  Waiting PARKED =
      (done, nanos) -> {
        final long slice = 100_000_000;
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !done.getAsBoolean(); left = end - System.nanoTime()) {
          if (Thread.currentThread().isInterrupted()) {
            throw new HawserException(
                ErrorCode.CANCELLED,
                "the waiting thread was interrupted; what it waited for goes on");
          }
          LockSupport.parkNanos(done, Math.min(left, slice));
        }
      };

  /**
   * Returns when the condition holds or the time is over; the caller looks which.
   *
   * @throws HawserException CANCELLED when the thread is interrupted
   */
  void await(BooleanSupplier done, long nanos);
}
