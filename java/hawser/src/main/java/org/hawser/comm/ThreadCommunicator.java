package org.hawser.comm;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A communicator between threads of one process. A send hands its memory over: the receiver reads
 * the very bytes, and the send has ended when the receiver closes the message. {@link #deliver}
 * copies.
 */
public final class ThreadCommunicator implements Communicator {
  private final int rank;
  private final List<ThreadCommunicator> world;
  private final Mailbox mailbox;
  private final HandedMessage.Pool handed = new HandedMessage.Pool();
  private final LargeBuffers copies = new LargeBuffers();
  private final Traffic traffic = new Traffic();
  private final AtomicReference<HawserException> ended = new AtomicReference<>();

  private ThreadCommunicator(int rank, int worldSize, List<ThreadCommunicator> world) {
    this.rank = rank;
    this.world = world;
    this.mailbox = new Mailbox(rank, worldSize, Mailbox.DEFAULT_LIMIT);
  }

  /** So many ranks, connected with each other. */
  public static List<ThreadCommunicator> world(int size) {
    List<ThreadCommunicator> world = new ArrayList<>(size);
    for (int rank = 0; rank < size; rank++) {
      world.add(new ThreadCommunicator(rank, size, world));
    }
    return Collections.unmodifiableList(world);
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int worldSize() {
    return world.size();
  }

  @Override
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    ThreadCommunicator peer = peer(to, key, bytes);
    peer.mailbox.deliver(rank, key, handed.take(address, bytes, completion, context));
    count(peer, bytes);
  }

  @Override
  public void deliver(
      int to, Key key, long address, long bytes, Completion completion, long context) {
    ThreadCommunicator peer = peer(to, key, bytes);
    Mailbox mail = peer.mailbox;
    mail.announce(rank, key, new CopiedMessage(mail, copies, address, bytes, completion, context));
    count(peer, bytes);
  }

  private void count(ThreadCommunicator peer, long bytes) {
    traffic.sent(bytes);
    peer.traffic.received(bytes);
  }

  private ThreadCommunicator peer(int to, Key key, long bytes) {
    requireOpen();
    if (to < 0 || to >= world.size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there is no rank %d to send to; ranks are 0 to %d"
              .formatted(rank, to, world.size() - 1));
    }
    ThreadCommunicator peer = world.get(to);
    if (peer.ended.get() != null) {
      throw new HawserException(
          ErrorCode.LINK_FAILED,
          "rank %d: cannot send %d bytes to rank %d under key %s: %s"
              .formatted(rank, bytes, to, key, peer.ended.get().getMessage()),
          peer.ended.get(),
          to,
          -1,
          "",
          0);
    }
    return peer;
  }

  @Override
  public Message recv(int from, Key key, long timeoutNanos) {
    return mailbox.recv(from, key, timeoutNanos, Waiting.PARKED);
  }

  @Override
  public boolean hasMessage(int from, Key key) {
    return mailbox.has(from, key);
  }

  @Override
  public Optional<byte[]> peekMessage(int from, Key key, int limit) {
    return mailbox.peek(from, key, limit);
  }

  @Override
  public void await(BooleanSupplier done, long timeoutNanos) {
    Waiting.PARKED.await(done, timeoutNanos);
  }

  @Override
  public void refuse(int from, Key prefix, HawserException reason) {
    mailbox.refuse(from, prefix, reason);
  }

  @Override
  public void admit(int from, Key prefix) {
    mailbox.admit(from, prefix);
  }

  @Override
  public CommStatistics statistics() {
    return traffic.statistics(mailbox.bytesWaiting());
  }

  @Override
  public void abort(String reason) {
    end("rank %d aborted: %s".formatted(rank, reason));
  }

  @Override
  public void close() {
    end("rank %d has closed its communicator".formatted(rank));
    copies.close();
  }

  private void end(String why) {
    var reason = new HawserException(ErrorCode.CLOSED, why, null, rank, -1, "", 0);
    if (ended.compareAndSet(null, reason)) {
      mailbox.abort(reason);
      world.forEach(peer -> peer.mailbox.fail(rank, reason));
    }
  }

  private void requireOpen() {
    HawserException reason = ended.get();
    if (reason != null) {
      throw reason.again();
    }
  }
}
