package org.hawser.simp;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Key;

/** The jobs that run at one party, and what there is to remember of others. Any thread uses it. */
final class JobTable {
  /** Of each kind; older ones are forgotten. */
  private static final int REMEMBERED = 1024;

  private static final long NOTICE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Communicator communicator;
  private final Map<String, Job> running = new ConcurrentHashMap<>();
  // Cancelled before they began.
  private final Map<String, HawserException> cancelled = new LinkedHashMap<>();
  // Failed, so that messages for them may still come.
  private final Map<String, Key> failed = new LinkedHashMap<>();

  JobTable(Communicator communicator) {
    this.communicator = communicator;
  }

  /**
   * @throws HawserException REFUSED when a job of that id runs, CANCELLED when it need not begin
   */
  void begin(Job job) {
    if (job.isAnonymous()) {
      return;
    }
    if (running.putIfAbsent(job.id(), job) != null) {
      throw new HawserException(
          ErrorCode.REFUSED,
          "rank %d: a job %s runs already: give each job an id of its own"
              .formatted(communicator.rank(), job.id()));
    }
    HawserException reason;
    synchronized (cancelled) {
      reason = cancelled.isEmpty() ? null : cancelled.remove(job.id());
    }
    if (reason != null) {
      running.remove(job.id());
      throw new HawserException(
          ErrorCode.CANCELLED,
          "%s was cancelled before it began: %s".formatted(job, reason.getMessage()),
          reason);
    }
  }

  /**
   * @param failure null when it has succeeded
   */
  void end(Job job, HawserException failure) {
    running.remove(job.id(), job);
    try {
      job.end();
    } catch (HawserException e) {
      if (failure == null) {
        throw e;
      }
      failure.addSuppressed(e);
    } finally {
      if (failure != null && !job.isAnonymous()) {
        forget(job.id(), failure);
      }
    }
  }

  void cancel(String id, HawserException reason) {
    // Told to whom begins before whom runs is looked for: begin() looks in the other order.
    synchronized (cancelled) {
      cancelled.put(id, reason);
      trim(cancelled);
    }
    Job job = running.get(id);
    if (job != null) {
      job.cancel(reason);
      synchronized (cancelled) {
        cancelled.remove(id);
      }
    }
  }

  /** Cancels all that run, and gives them some time to notice. */
  void cancelAll(HawserException reason) {
    running.values().forEach(job -> job.cancel(reason));
    long begin = System.nanoTime();
    while (!running.isEmpty() && System.nanoTime() - begin < NOTICE_NANOS) {
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /**
   * Drops the messages that a failed job has not received, and again, long after, what came late.
   */
  private void forget(String id, HawserException failure) {
    Key prefix = Key.of(id + ":");
    communicator.discard(prefix, failure);
    synchronized (failed) {
      failed.put(id, prefix);
      Map.Entry<String, Key> oldest = trim(failed);
      if (oldest != null) {
        communicator.discard(oldest.getValue(), failure);
      }
    }
  }

  /** Removes the oldest when there are too many; null when there are not. */
  private static <T> Map.Entry<String, T> trim(Map<String, T> map) {
    if (map.size() <= REMEMBERED) {
      return null;
    }
    Map.Entry<String, T> oldest = map.entrySet().iterator().next();
    map.remove(oldest.getKey());
    return oldest;
  }
}
