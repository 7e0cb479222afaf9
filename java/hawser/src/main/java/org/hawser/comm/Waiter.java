package org.hawser.comm;

import java.util.function.BooleanSupplier;

/** One thread's wait for a {@link MessageQueue}; true once it was woken. */
final class Waiter implements BooleanSupplier {
  Thread thread;
  MessageQueue queue;
  Waiter next;
  volatile boolean woken;

  @Override
  public boolean getAsBoolean() {
    return woken;
  }
}
