package org.hawser.comm;

import java.util.List;
import java.util.concurrent.locks.LockSupport;

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

  void append(Arrival message) {
    message.queue = this;
    message.next = null;
    if (head == null) {
      head = message;
    } else {
      tail.next = message;
    }
    tail = message;
  }

  Arrival removeHead() {
    Arrival first = head;
    head = first.next;
    first.next = null;
    first.queue = null;
    return first;
  }

  void add(Waiter waiter) {
    waiter.queue = this;
    waiter.next = waiters;
    waiters = waiter;
  }

  void remove(Waiter waiter) {
    if (waiters == waiter) {
      waiters = waiter.next;
    } else {
      Waiter before = waiters;
      while (before.next != waiter) {
        before = before.next;
      }
      before.next = waiter.next;
    }
    waiter.queue = null;
  }

  void wakeAll() {
    for (Waiter waiter = waiters; waiter != null; waiter = waiter.next) {
      waiter.woken = true;
      LockSupport.unpark(waiter.thread);
    }
  }
}
