package org.hawser.comm;

import java.util.function.BooleanSupplier;
import org.hawser.HawserException;

/** One thread's wait for a {@link MessageQueue}; true once it was woken. */
final class Waiter implements BooleanSupplier {
  Thread thread;
  MessageQueue queue;
  Waiter next;
  // Guarded by the mailbox's lock: why this very wait is in vain.
  HawserException failure;
  volatile boolean woken;

  @Override
  public boolean getAsBoolean() {
    return woken;
  }
}
