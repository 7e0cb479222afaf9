package org.hawser.simp;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * How a worker runs jobs.
 *
 * @param peerTimeout how long an operation waits for a peer
 * @param jobTimeout how long a job may take, whatever it waits for; it is cancelled then
 * @param stopTimeout how long jobs may go on once the worker stops
 * @param jobsAtOnce others wait for their turn, in the order in which they came. A job needs its
 *     turn at all parties at once: choose it above what drivers run at once
 * @param jobsWaiting more are refused
 * @param store a folder that keeps objects when the process ends; empty for none
 */
public record WorkerOptions(
    Duration peerTimeout,
    Duration jobTimeout,
    Duration stopTimeout,
    int jobsAtOnce,
    int jobsWaiting,
    Optional<Path> store) {
  public static final WorkerOptions DEFAULT =
      new WorkerOptions(
          Duration.ofMinutes(10),
          Duration.ofDays(1),
          Duration.ofSeconds(30),
          64,
          1024,
          Optional.empty());

  /**
   * @throws HawserException (INVALID_ARGUMENT) for a number out of range
   */
  public WorkerOptions {
    require(isPositive(peerTimeout), "the time to wait for a peer is above 0");
    require(isPositive(jobTimeout), "the time that a job may take is above 0");
    require(!stopTimeout.isNegative(), "the time that jobs get to end is 0 or more");
    require(jobsAtOnce >= 1, "a worker runs one job at once or more, not " + jobsAtOnce);
    require(jobsWaiting >= 1, "one job or more may wait, not " + jobsWaiting);
  }

  public WorkerOptions withPeerTimeout(Duration value) {
    return new WorkerOptions(value, jobTimeout, stopTimeout, jobsAtOnce, jobsWaiting, store);
  }

  public WorkerOptions withJobTimeout(Duration value) {
    return new WorkerOptions(peerTimeout, value, stopTimeout, jobsAtOnce, jobsWaiting, store);
  }

  public WorkerOptions withStopTimeout(Duration value) {
    return new WorkerOptions(peerTimeout, jobTimeout, value, jobsAtOnce, jobsWaiting, store);
  }

  /**
   * @param atOnce as {@link #jobsAtOnce}
   * @param waiting as {@link #jobsWaiting}
   */
  public WorkerOptions withJobs(int atOnce, int waiting) {
    return new WorkerOptions(peerTimeout, jobTimeout, stopTimeout, atOnce, waiting, store);
  }

  public WorkerOptions withStore(Path folder) {
    return new WorkerOptions(
        peerTimeout, jobTimeout, stopTimeout, jobsAtOnce, jobsWaiting, Optional.of(folder));
  }

  private static boolean isPositive(Duration duration) {
    return !duration.isNegative() && !duration.isZero();
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, otherwise);
    }
  }
}
