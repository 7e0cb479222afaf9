package org.hawser.comm;

import org.hawser.HawserException;

/**
 * A message on its way into a {@link Mailbox}: known by its key, its bytes there already or still
 * to come. The fields belong to the mailbox, and are guarded by its lock.
 */
public abstract class Arrival implements Message {
  Arrival next;
  MessageQueue queue;
  boolean begun;
  boolean ready;

  /** For implementations. */
  protected Arrival() {}

  /**
   * Fetches the bytes, and tells {@link Mailbox#arrived} when they are there. Called once, by any
   * thread, without a lock, when there is room for them or somebody waits for them. Must not block.
   */
  protected abstract void begin();

  /**
   * Nobody will receive it. Called instead of {@link #close}, by any thread, without a lock. Must
   * not block.
   *
   * @param reason why
   */
  protected void dropped(HawserException reason) {
    close();
  }
}
