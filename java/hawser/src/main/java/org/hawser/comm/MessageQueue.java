package org.hawser.comm;

import java.util.List;

/**
 * The messages of one sender under one key, and who waits for them. Guarded by the mailbox's lock.
 */
final class MessageQueue {
  final Key key = new Key();
  int from;
  Arrival head;
  Arrival tail;
  Waiter waiters;
  MessageQueue next;

  /**
   * Lets go of its messages. Those that are being fetched are dropped when they have arrived.
   *
   * @param dropped gets the others
   */
  void empty(List<Arrival> dropped) {
    for (Arrival each = head; each != null; each = each.next) {
      each.queue = null;
      if (each.ready || !each.begun) {
        dropped.add(each);
      }
    }
    head = null;
  }

  /** Whether the next message can be received: those behind it wait for it. */
  boolean hasMessage() {
    return head != null && head.ready;
  }
}
