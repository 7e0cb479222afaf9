package org.hawser.comm;

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

  /** Whether the next message can be received: those behind it wait for it. */
  boolean hasMessage() {
    return head != null && head.ready;
  }
}
