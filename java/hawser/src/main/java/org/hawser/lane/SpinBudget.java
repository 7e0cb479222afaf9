package org.hawser.lane;

/**
 * How long a wait polls before it sleeps: briefly while polling finds something, not at all once it
 * has failed a few times in a row. Belongs to the driver.
 *
 * <p>A wake-up from sleep takes some 50 us. Two ends that both sleep would therefore never look
 * fast to each other: now and then a wait polls on trial, long enough to see a peer wake up and
 * answer. Where two ends share a core it is the polling that holds the peer up; there trials fail,
 * and both sleep.
 */
final class SpinBudget {
  private static final long SPIN_NANOS = 30_000;
  private static final long TRIAL_NANOS = 100_000;
  private static final int FAILURES = 3;
  private static final int TRIAL_EVERY = 32;

  private int failures;
  private int waits;
  private long given;

  /** What the next wait may poll. */
  long nanos() {
    waits++;
    if (failures < FAILURES) {
      given = SPIN_NANOS;
    } else {
      given = waits % TRIAL_EVERY == 0 ? TRIAL_NANOS : 0;
    }
    return given;
  }

  /** How long that wait lasted. */
  void waited(long nanos) {
    if (nanos < given) {
      failures = 0;
    } else if (given > 0) {
      failures++;
    }
  }
}
