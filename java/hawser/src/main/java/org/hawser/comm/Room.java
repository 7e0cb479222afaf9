package org.hawser.comm;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * What waits in a mailbox, in bytes and messages, and the announced messages that there was no room
 * for, in the order in which they came. Guarded by the mailbox's lock.
 */
final class Room {
  private final long limit;
  private final Queue<Arrival> deferred = new ArrayDeque<>();
  private long bytes;
  private int messages;

  /**
   * @param limit bytes that may wait
   */
  Room(long limit) {
    this.limit = limit;
  }

  /** Bytes that are there or on the way. */
  long bytes() {
    return bytes;
  }

  /** Messages, the deferred ones among them. */
  int messages() {
    return messages;
  }

  boolean isFull() {
    return bytes >= limit;
  }

  /** A message longer than the limit itself is fetched when nothing else is there. */
  boolean holds(Arrival message) {
    return bytes == 0 || bytes + message.bytes() <= limit;
  }

  /**
   * Counts a message.
   *
   * @param begun whether its bytes are there or on the way; else it is deferred
   */
  void add(Arrival message, boolean begun) {
    messages++;
    message.begun = begun;
    if (begun) {
      bytes += message.bytes();
    } else {
      deferred.add(message);
    }
  }

  /** Forgets a message that leaves the mailbox. */
  void remove(Arrival message) {
    messages--;
    if (message.begun) {
      bytes -= message.bytes();
    } else {
      deferred.remove(message);
    }
  }

  /** The deferred message that is next, null when none is. */
  Arrival nextDeferred() {
    return deferred.peek();
  }

  /** The message, to begin with now, when it had to wait for room; else null. */
  Arrival undefer(Arrival message) {
    if (message == null || message.begun) {
      return null;
    }
    deferred.remove(message);
    message.begun = true;
    bytes += message.bytes();
    return message;
  }

  /** Nothing is fetched any more. */
  void forgetDeferred() {
    deferred.clear();
  }
}
