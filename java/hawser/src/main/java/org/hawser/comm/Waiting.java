package org.hawser.comm;

import java.util.function.BooleanSupplier;
import org.hawser.HawserException;

/** How a thread waits. Whoever makes its condition true unparks it. */
@FunctionalInterface
public interface Waiting {
  /** Nothing to do meanwhile: lets others run, and parks. */
  Waiting PARKED = new Parking();

  /**
   * Returns when the condition holds or the time is over; the caller looks which.
   *
   * @throws HawserException CANCELLED when the thread is interrupted
   */
  void await(BooleanSupplier done, long nanos);
}
