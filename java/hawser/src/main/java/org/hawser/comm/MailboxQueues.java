package org.hawser.comm;

import java.util.function.Consumer;

/**
 * The queues of a mailbox by sender and key: a hash table of chains, whose queues are used again.
 * Guarded by the mailbox's lock.
 */
final class MailboxQueues {
  private static final int INITIAL_BUCKETS = 64;

  private MessageQueue[] buckets = new MessageQueue[INITIAL_BUCKETS];
  private int size;
  private MessageQueue free;

  /** The queue, null when there is none. */
  MessageQueue find(int from, Key key) {
    MessageQueue queue = buckets[bucket(from, key)];
    while (queue != null && (queue.from != from || !queue.key.equals(key))) {
      queue = queue.next;
    }
    return queue;
  }

  MessageQueue findOrAdd(int from, Key key) {
    MessageQueue queue = find(from, key);
    return queue == null ? add(from, key) : queue;
  }

  private MessageQueue add(int from, Key key) {
    if (size == buckets.length) {
      grow();
    }
    MessageQueue queue = free == null ? new MessageQueue() : free;
    free = queue.next;
    queue.from = from;
    queue.key.set(key);
    link(queue);
    size++;
    return queue;
  }

  /** Forgets a queue that has neither messages nor waiters. */
  void removeIfIdle(MessageQueue queue) {
    if (queue.head != null || queue.waiters != null) {
      return;
    }
    int index = bucket(queue.from, queue.key);
    if (buckets[index] == queue) {
      buckets[index] = queue.next;
    } else {
      MessageQueue before = buckets[index];
      while (before.next != queue) {
        before = before.next;
      }
      before.next = queue.next;
    }
    size--;
    queue.tail = null;
    queue.next = free;
    free = queue;
  }

  void forEach(Consumer<MessageQueue> action) {
    for (MessageQueue first : buckets) {
      for (MessageQueue queue = first; queue != null; queue = queue.next) {
        action.accept(queue);
      }
    }
  }

  private void grow() {
    MessageQueue[] old = buckets;
    buckets = new MessageQueue[old.length * 2];
    for (MessageQueue first : old) {
      MessageQueue queue = first;
      while (queue != null) {
        MessageQueue next = queue.next;
        link(queue);
        queue = next;
      }
    }
  }

  private void link(MessageQueue queue) {
    int index = bucket(queue.from, queue.key);
    queue.next = buckets[index];
    buckets[index] = queue;
  }

  private int bucket(int from, Key key) {
    int hash = key.hashCode() * 31 + from;
    return (hash ^ hash >>> 16) & buckets.length - 1;
  }
}
