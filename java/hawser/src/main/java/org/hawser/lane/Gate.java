package org.hawser.lane;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Keeps memory and handles that native code frees from being used afterwards: users pass in and
 * out, and whoever frees shuts the gate and waits until all are out.
 */
final class Gate {
  private static final int SHUT = Integer.MIN_VALUE;
  private static final long POLL_NANOS = 50_000;

  private final String what;
  private final AtomicInteger users = new AtomicInteger();

  /**
   * @param what is closed when the gate is shut, for messages
   */
  Gate(String what) {
    this.what = what;
  }

  /** Whether the caller is in; if so it must {@link #leave}. */
  boolean tryEnter() {
    if (users.incrementAndGet() > 0) {
      return true;
    }
    users.decrementAndGet();
    return false;
  }

  /**
   * @throws HawserException (CLOSED) when the gate is shut
   */
  void enter() {
    if (!tryEnter()) {
      throw closed();
    }
  }

  void leave() {
    users.decrementAndGet();
  }

  boolean isShut() {
    return users.get() < 0;
  }

  HawserException closed() {
    return new HawserException(ErrorCode.CLOSED, what + " is closed");
  }

  /** Lets nobody in any more; false when that was so already. */
  boolean shut() {
    return users.getAndUpdate(count -> count | SHUT) >= 0;
  }

  /** Waits until all are out. Users stay for bounded times. */
  void awaitEmpty() {
    while ((users.get() & ~SHUT) != 0) {
      LockSupport.parkNanos(this, POLL_NANOS);
    }
  }
}
