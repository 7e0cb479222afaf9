package org.hawser.comm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeStat;

/**
 * What has arrived for one rank, or is announced, by sender and key: for each of them a queue in
 * the order in which they were told. Any thread may use it; all locks are held briefly. Queues and
 * waiters are used again and again, so that steady traffic allocates nothing here.
 *
 * <p>The bytes that wait in it are bounded: announced messages are fetched while there is room, or
 * when somebody waits for them; who delivers messages that are there already asks {@link #hasRoom}
 * first.
 */
public final class Mailbox {
  /** Bytes that may wait unless told otherwise. */
  public static final long DEFAULT_LIMIT = 1L << 30;

  private final int rank;
  private final HawserException[] failures;
  private final MailboxQueues queues = new MailboxQueues();
  private final Room room;
  // By sender: threads that wait for one of its messages.
  private final int[] waiting;
  private Waiter freeWaiters;
  private final Refusals refusals = new Refusals();
  private HawserException aborted;
  // Read without the lock as a hint: something was refused or deferred for want of room.
  private volatile boolean pressure;
  private volatile Runnable onRoom = () -> {};

  /**
   * @param rank whose mailbox it is, for messages
   * @param worldSize the number of ranks that may send
   * @param limit bytes that may wait
   */
  public Mailbox(int rank, int worldSize, long limit) {
    this.rank = rank;
    this.room = new Room(limit);
    this.failures = new HawserException[worldSize];
    this.waiting = new int[worldSize];
  }

  /**
   * Called, by any thread and without a lock, when {@link #hasRoom} may answer otherwise after it
   * has said no.
   */
  public void onRoom(Runnable action) {
    onRoom = action;
  }

  // ----------------------------------------------------------------------------------------------
  // delivery

  /**
   * Takes in a message whose bytes are there. Never blocks.
   *
   * @param key may be set anew when this returns
   */
  public void deliver(int from, Key key, Arrival message) {
    put(from, key, message, true);
  }

  /**
   * Takes in a message whose bytes are to be fetched: {@link Arrival#begin} is called now or later.
   * Never blocks.
   *
   * @param key may be set anew when this returns
   */
  public void announce(int from, Key key, Arrival message) {
    put(from, key, message, false);
  }

  private void put(int from, Key key, Arrival message, boolean ready) {
    HawserException refused;
    boolean begins = false;
    synchronized (this) {
      refused = aborted;
      if (refused == null) {
        MessageQueue queue = queues.findOrAdd(from, key);
        queue.append(message);
        message.ready = ready;
        begins = !ready && (queue.waiters != null || room.holds(message));
        room.add(message, ready || begins);
        pressure |= !message.begun;
        if (ready) {
          queue.wakeAll();
        }
      }
    }
    if (refused != null) {
      message.dropped(refused);
    } else if (begins) {
      message.begin();
    }
  }

  /**
   * The bytes of an announced message are there: it can be received. Called once, by any thread.
   */
  public void arrived(Arrival message) {
    HawserException reason;
    synchronized (this) {
      message.ready = true;
      if (message.queue != null) {
        message.queue.wakeAll();
        return;
      }
      reason = aborted;
    }
    // The mailbox was emptied meanwhile, or somebody has discarded the message.
    if (reason == null) {
      message.close();
    } else {
      message.dropped(reason);
    }
  }

  /**
   * Whether to take in what comes next from a rank: less waits than may, or somebody waits for what
   * may lie behind. When not, {@link #onRoom} tells of the change.
   */
  public synchronized boolean hasRoom(int from) {
    boolean takes = !room.isFull() || waiting[from] > 0;
    pressure |= !takes;
    return takes;
  }

  /**
   * No more messages come from that rank. Who waits for one of them fails; what has arrived can
   * still be received.
   *
   * @param reason says which rank, and why
   */
  public synchronized void fail(int from, HawserException reason) {
    if (failures[from] == null) {
      failures[from] = reason;
      queues.forEach(
          queue -> {
            if (queue.from == from) {
              queue.wakeAll();
            }
          });
    }
  }

  /** That rank is there again, after {@link #fail}. */
  public synchronized void recover(int from) {
    failures[from] = null;
  }

  /**
   * That rank has started anew: what it was to send before, it will not send. Who waits for it now
   * fails; who comes later waits for what it sends from now on.
   *
   * @param reason says which rank
   */
  public synchronized void restarted(int from, HawserException reason) {
    failures[from] = null;
    queues.forEach(
        queue -> {
          if (queue.from == from) {
            for (Waiter waiter = queue.waiters; waiter != null; waiter = waiter.next) {
              waiter.failure = reason;
            }
            queue.wakeAll();
          }
        });
  }

  /** As {@link Communicator#refuse}. */
  public synchronized void refuse(int from, Key prefix, HawserException reason) {
    refusals.add(from, prefix, reason);
    queues.forEach(
        queue -> {
          if (refusals.reason(queue.from, queue.key) != null) {
            queue.wakeAll();
          }
        });
  }

  /** As {@link Communicator#admit}. */
  public synchronized void admit(int from, Key prefix) {
    refusals.remove(from, prefix);
  }

  /** As {@link Communicator#discard}. */
  public void discard(Key prefix, HawserException reason) {
    List<Arrival> dropped = new ArrayList<>();
    synchronized (this) {
      List<MessageQueue> meant = new ArrayList<>();
      queues.forEach(
          queue -> {
            if (queue.key.startsWith(prefix)) {
              meant.add(queue);
            }
          });
      for (MessageQueue queue : meant) {
        for (Arrival each = queue.head; each != null; each = each.next) {
          room.remove(each);
        }
        queue.empty(dropped);
        queues.removeIfIdle(queue);
      }
    }
    dropped.forEach(message -> message.dropped(reason));
    if (pressure) {
      relieve();
    }
  }

  /** Drops what is there, and lets everybody fail who waits or comes later. */
  public void abort(HawserException reason) {
    List<Arrival> dropped = new ArrayList<>();
    synchronized (this) {
      if (aborted != null) {
        return;
      }
      aborted = reason;
      queues.forEach(
          queue -> {
            queue.empty(dropped);
            queue.wakeAll();
          });
      room.forgetDeferred();
    }
    dropped.forEach(message -> message.dropped(reason));
  }

  // ----------------------------------------------------------------------------------------------
  // receiving

  /**
   * As {@link Communicator#recv(int, Key, long)}.
   *
   * @param strategy how the calling thread waits
   */
  public Message recv(int from, Key key, long timeoutNanos, Waiting strategy) {
    checkRank(from);
    Message message = takeIfThere(from, key);
    if (message == null) {
      message = await(from, key, timeoutNanos, strategy);
    }
    if (pressure) {
      relieve();
    }
    return message;
  }

  private synchronized Message takeIfThere(int from, Key key) {
    MessageQueue queue = queues.find(from, key);
    return queue != null && queue.hasMessage() ? take(queue) : null;
  }

  private Message await(int from, Key key, long timeoutNanos, Waiting strategy) {
    long start = System.nanoTime();
    Waiter waiter = join(from, key);
    try {
      while (true) {
        Arrival wanted;
        synchronized (this) {
          waiter.woken = false;
          if (waiter.queue.hasMessage()) {
            return take(waiter.queue);
          }
          failIfHopeless(from, key, waiter);
          if (System.nanoTime() - start >= timeoutNanos) {
            throw timeout(from, key, timeoutNanos);
          }
          wanted = room.undefer(waiter.queue.head);
        }
        if (wanted != null) {
          wanted.begin();
        }
        if (pressure) {
          onRoom.run();
        }
        long waited = System.nanoTime() - start;
        pause(waiter, waited, timeoutNanos - waited, strategy);
      }
    } finally {
      leave(waiter);
    }
  }

  private void pause(Waiter waiter, long waited, long left, Waiting strategy) {
    if (waited < NativeStat.PATIENCE_NANOS) {
      strategy.await(waiter, Math.min(left, NativeStat.PATIENCE_NANOS - waited));
      return;
    }
    MessageQueue queue = waiter.queue;
    int note =
        NativeStat.waitBegins(rank, queue.from, waited, left, "receive under key " + queue.key);
    try {
      strategy.await(waiter, left);
    } finally {
      NativeStat.waitEnds(note);
    }
  }

  /** Whether {@link #recv} would return at once. */
  public synchronized boolean has(int from, Key key) {
    checkRank(from);
    MessageQueue queue = queues.find(from, key);
    return queue != null && queue.hasMessage();
  }

  /** As {@link Communicator#peekMessage}. */
  public synchronized Optional<byte[]> peek(int from, Key key, int bytes) {
    checkRank(from);
    MessageQueue queue = queues.find(from, key);
    if (queue == null || !queue.hasMessage()) {
      return Optional.empty();
    }
    MemorySegment segment = queue.head.segment();
    return Optional.of(segment.asSlice(0, Math.min(bytes, segment.byteSize())).toArray(JAVA_BYTE));
  }

  /** Payload that has arrived or is being fetched, and was not received yet. */
  public synchronized long bytesWaiting() {
    return room.bytes();
  }

  // ----------------------------------------------------------------------------------------------
  // under the lock

  private Message take(MessageQueue queue) {
    Arrival head = queue.removeHead();
    room.remove(head);
    queues.removeIfIdle(queue);
    return head;
  }

  private synchronized Waiter join(int from, Key key) {
    Waiter waiter = freeWaiters == null ? new Waiter() : freeWaiters;
    freeWaiters = waiter.next;
    waiter.thread = Thread.currentThread();
    queues.findOrAdd(from, key).add(waiter);
    waiting[from]++;
    return waiter;
  }

  private synchronized void leave(Waiter waiter) {
    MessageQueue queue = waiter.queue;
    waiting[queue.from]--;
    queue.remove(waiter);
    queues.removeIfIdle(queue);
    waiter.thread = null;
    waiter.failure = null;
    waiter.next = freeWaiters;
    freeWaiters = waiter;
  }

  // ----------------------------------------------------------------------------------------------
  // room and errors

  /** There may be room: fetches what was deferred, in order, as far as it fits, or tells of it. */
  private void relieve() {
    while (true) {
      Arrival next;
      synchronized (this) {
        next = room.nextDeferred();
        if (next == null || !room.holds(next)) {
          pressure = next != null || room.isFull();
          break;
        }
        room.undefer(next);
      }
      next.begin();
    }
    if (!pressure) {
      onRoom.run();
    }
  }

  private void checkRank(int from) {
    if (from < 0 || from >= failures.length) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there is no rank %d to receive from; ranks are 0 to %d"
              .formatted(rank, from, failures.length - 1));
    }
  }

  private void failIfHopeless(int from, Key key, Waiter waiter) {
    if (aborted != null) {
      throw aborted.again();
    }
    HawserException refused = refusals.reason(from, key);
    if (refused != null) {
      throw refused.again();
    }
    HawserException reason = waiter.failure == null ? failures[from] : waiter.failure;
    if (reason != null) {
      throw new HawserException(
          reason.code(),
          "rank %d: nothing more comes from rank %d, not under key %s either: %s"
              .formatted(rank, from, key, reason.getMessage()),
          reason,
          from,
          reason.lane(),
          reason.device(),
          reason.sysErrno());
    }
  }

  private HawserException timeout(int from, Key key, long nanos) {
    String full =
        room.isFull()
            ? ", and the mailbox is full with %d bytes: receive them".formatted(room.bytes())
            : "";
    return new HawserException(
        ErrorCode.TIMEOUT,
        "rank %d: no message from rank %d under key %s within %d ms; %d others wait%s"
            .formatted(rank, from, key, nanos / 1_000_000, room.messages(), full),
        null,
        from,
        -1,
        "",
        0);
  }
}
