package org.hawser.lane;

/**
 * How long a wait polls before it sleeps: briefly while waits are short, not at all while they are
 * long. Belongs to the driver.
 *
 * <p>A wake-up from sleep alone takes about as long as the brief spin. Two ends that both sleep
 * would therefore never look fast to each other; now and then a wait polls on trial, and one
 * success is enough to go on.
 */
final class SpinBudget {
  private static final long SPIN_NANOS = 50_000;
  private static final long SHORT_NANOS = 60_000;
  private static final int TRIAL_EVERY = 32;

  private long average;
  private int waits;

  /** What the next wait may poll. */
  long nanos() {
    waits++;
    return average < SHORT_NANOS || waits % TRIAL_EVERY == 0 ? SPIN_NANOS : 0;
  }

  /** How long that wait lasted. */
  void waited(long nanos) {
    average = nanos < SPIN_NANOS ? Math.min(average, nanos) : average + (nanos - average) / 8;
  }
}
