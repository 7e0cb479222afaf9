package org.hawser.port;

import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Keeps a native object from being freed under those who use it: calls that run, and objects that
 * were made from it. Once it is shut it lets nobody in any more, and whoever leaves last frees.
 */
final class Lease {
  private static final int SHUT = Integer.MIN_VALUE;

  private final String what;
  private final Runnable free;
  private final AtomicInteger users = new AtomicInteger();

  /**
   * @param what is closed when the lease is shut, for messages
   * @param free is run once, by whoever leaves last
   */
  Lease(String what, Runnable free) {
    this.what = what;
    this.free = free;
  }

  /** Whether the caller is in; if so it must {@link #leave}. */
  boolean tryEnter() {
    int count;
    do {
      count = users.get();
      // Never counted once it is shut: the last of those inside frees.
      if (count < 0) {
        return false;
      }
    } while (!users.weakCompareAndSetAcquire(count, count + 1));
    return true;
  }

  /**
   * @throws HawserException (CLOSED) when it is shut
   */
  void enter() {
    if (!tryEnter()) {
      throw closed();
    }
  }

  HawserException closed() {
    return new HawserException(ErrorCode.CLOSED, what + " is closed");
  }

  /** For those who are inside: counts once more, shut or not. */
  void enterAgain() {
    users.incrementAndGet();
  }

  void leave() {
    if (users.decrementAndGet() == SHUT) {
      free.run();
    }
  }

  boolean isShut() {
    return users.get() < 0;
  }

  /** For those who are inside: lets nobody in any more; false when that was so already. */
  boolean shut() {
    return users.getAndUpdate(count -> count | SHUT) >= 0;
  }

  @Override
  public String toString() {
    return what;
  }
}
