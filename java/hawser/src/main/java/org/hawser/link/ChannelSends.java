package org.hawser.link;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.hawser.HawserException;
import org.hawser.comm.Completion;

/**
 * The asynchronous sends of one channel: how many are under way, how many of them count against the
 * throttle window, and the first that failed. Any thread; its lock is held briefly.
 */
final class ChannelSends {
  private final List<Thread> waiters = new ArrayList<>();
  private Pending free;
  private long underWay;
  private long throttled;
  private long window;
  private HawserException failure;
  private HawserException aborted;

  /** One send, on its way between the communicator and who started it. Used again. */
  final class Pending implements Completion {
    private Completion completion;
    private long context;
    private boolean counted;
    private Pending below;

    @Override
    public void ended(long own, HawserException reason) {
      completion.ended(context, reason);
      finish(this, reason);
    }

    /** It could not be started; nobody is told. */
    void withdraw() {
      finish(this, null);
    }
  }

  /**
   * @param isThrottled whether {@link #tryAcquire} has counted it
   * @throws HawserException after {@link #abort}
   */
  synchronized Pending begin(Completion completion, long context, boolean isThrottled) {
    if (aborted != null) {
      throttled -= isThrottled ? 1 : 0;
      throw aborted.again();
    }
    Pending pending = free == null ? new Pending() : free;
    free = pending.below;
    pending.completion = completion;
    pending.context = context;
    pending.counted = isThrottled;
    underWay++;
    return pending;
  }

  private synchronized void finish(Pending pending, HawserException reason) {
    underWay--;
    throttled -= pending.counted ? 1 : 0;
    failure = failure == null ? reason : failure;
    pending.completion = null;
    pending.below = free;
    free = pending;
    waiters.forEach(LockSupport::unpark);
  }

  /** Takes a place in the throttle window, if there is one. */
  synchronized boolean tryAcquire() {
    if (!hasRoom()) {
      return false;
    }
    throttled++;
    return true;
  }

  /** Whether there is a place in the throttle window, or no sense in waiting for one. */
  synchronized boolean hasRoom() {
    return window == 0 || throttled < window || aborted != null;
  }

  /** Whether nothing is under way, or nobody cares any more. */
  synchronized boolean areEnded() {
    return underWay == 0 || aborted != null;
  }

  synchronized long underWay() {
    return underWay;
  }

  synchronized void setWindow(long size) {
    window = Math.max(0, size);
    waiters.forEach(LockSupport::unpark);
  }

  synchronized void abort(HawserException reason) {
    aborted = aborted == null ? reason : aborted;
    waiters.forEach(LockSupport::unpark);
  }

  synchronized boolean isAborted() {
    return aborted != null;
  }

  synchronized void requireOpen() {
    if (aborted != null) {
      throw aborted.again();
    }
  }

  /** Throws the first failure since it was last asked. */
  synchronized void throwFirstFailure() {
    requireOpen();
    HawserException first = failure;
    failure = null;
    if (first != null) {
      throw first.again();
    }
  }

  /** The calling thread waits for one of the conditions from now on. */
  synchronized void enter() {
    waiters.add(Thread.currentThread());
  }

  synchronized void leave() {
    waiters.remove(Thread.currentThread());
  }
}
