package org.hawser.link;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.mem.Buffer;

/**
 * Long messages over a communicator that limits their length: pieces under one key, in order, each
 * as long as may be but the last, which is shorter. Any thread may use it; two messages under one
 * key must not be sent at a time.
 */
final class Pieces {
  private static final int DEFAULT_PARALLEL = 8;

  private final Communicator communicator;
  private final int peer;
  private final long limit;
  private volatile long parallel = DEFAULT_PARALLEL;

  Pieces(Communicator communicator, int peer) {
    this.communicator = communicator;
    this.peer = peer;
    this.limit = communicator.maxMessageBytes();
  }

  /** How many pieces of one message may be under way at once. */
  void setParallel(long size) {
    parallel = Math.max(1, size);
  }

  /** A message as long as a piece needs another, empty one to end it. */
  boolean isNeeded(long bytes) {
    return bytes >= limit;
  }

  /** Sends a message that needs pieces, and returns when its memory may change. */
  void send(Key key, long address, long bytes, long timeoutNanos) {
    var window = new Window(Thread.currentThread());
    for (long at = 0; at <= bytes; at += limit) {
      await(window, parallel - 1, timeoutNanos);
      window.underWay.incrementAndGet();
      communicator.deliver(peer, key, address + at, Math.min(limit, bytes - at), window, 0);
    }
    await(window, 0, timeoutNanos);
  }

  private void await(Window window, long most, long timeoutNanos) {
    communicator.await(() -> window.underWay.get() <= most, timeoutNanos);
    if (window.failure.get() != null) {
      throw window.failure.get().again();
    }
    if (window.underWay.get() > most) {
      throw new HawserException(
          ErrorCode.TIMEOUT,
          "rank %d: %d pieces of a message to rank %d have not arrived in time"
              .formatted(communicator.rank(), window.underWay.get(), peer),
          null,
          peer,
          -1,
          "",
          0);
    }
  }

  /** The pieces of one message that are under way. */
  private record Window(
      Thread sender, AtomicInteger underWay, AtomicReference<HawserException> failure)
      implements Completion {
    Window(Thread sender) {
      this(sender, new AtomicInteger(), new AtomicReference<>());
    }

    @Override
    public void ended(long context, HawserException reason) {
      failure.compareAndSet(null, reason);
      underWay.decrementAndGet();
      LockSupport.unpark(sender);
    }
  }

  /** Whether more follows. */
  boolean isPiece(Message message) {
    return message.bytes() == limit;
  }

  /** Receives the rest of a message, of which this is the first piece, and puts it together. */
  Message join(Key key, Message first, long timeoutNanos) {
    long end = System.nanoTime() + timeoutNanos;
    List<Message> pieces = new ArrayList<>(List.of(first));
    try {
      while (isPiece(pieces.getLast())) {
        pieces.add(communicator.recv(peer, key, end - System.nanoTime()));
      }
      return Joined.of(pieces);
    } finally {
      pieces.forEach(Message::close);
    }
  }

  /** A message in memory of its own. */
  private record Joined(Buffer buffer, long bytes) implements Message {
    static Joined of(List<Message> pieces) {
      long bytes = pieces.stream().mapToLong(Message::bytes).sum();
      Buffer buffer = Buffer.allocate(bytes);
      long at = 0;
      for (Message piece : pieces) {
        MemorySegment.copy(piece.segment(), 0, buffer.segment(), at, piece.bytes());
        at += piece.bytes();
      }
      return new Joined(buffer, bytes);
    }

    @Override
    public long address() {
      return buffer.segment().address();
    }

    @Override
    public MemorySegment segment() {
      return buffer.segment().asReadOnly();
    }

    @Override
    public void close() {
      buffer.close();
    }
  }
}
