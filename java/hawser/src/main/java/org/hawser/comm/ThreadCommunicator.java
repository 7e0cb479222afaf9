package org.hawser.comm;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A communicator between threads of one process. A send hands its memory over: the receiver reads
 * the very bytes, and the send has ended when the receiver closes the message. {@link #deliver}
 * copies.
 */
public final class ThreadCommunicator extends MailboxCommunicator {
  private final List<ThreadCommunicator> world;
  private final HandedMessage.Pool handed = new HandedMessage.Pool();

  private ThreadCommunicator(int rank, int worldSize, List<ThreadCommunicator> world) {
    super(rank, worldSize, Waiting.PARKED);
    this.world = world;
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
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    ThreadCommunicator peer = peer(to, key, bytes);
    peer.mailbox().deliver(rank(), key, handed.take(address, bytes, completion, context));
    count(peer, bytes);
  }

  @Override
  public void deliver(
      int to, Key key, long address, long bytes, Completion completion, long context) {
    ThreadCommunicator peer = peer(to, key, bytes);
    Mailbox mail = peer.mailbox();
    mail.announce(
        rank(), key, new CopiedMessage(mail, buffers(), address, bytes, completion, context));
    count(peer, bytes);
  }

  private void count(ThreadCommunicator peer, long bytes) {
    traffic().sent(bytes);
    peer.traffic().received(bytes);
  }

  private ThreadCommunicator peer(int to, Key key, long bytes) {
    requireOpen();
    if (to < 0 || to >= world.size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there is no rank %d to send to; ranks are 0 to %d"
              .formatted(rank(), to, world.size() - 1));
    }
    ThreadCommunicator peer = world.get(to);
    if (peer.ended() != null) {
      throw new HawserException(
          ErrorCode.LINK_FAILED,
          "rank %d: cannot send %d bytes to rank %d under key %s: %s"
              .formatted(rank(), bytes, to, key, peer.ended().getMessage()),
          peer.ended(),
          to,
          -1,
          "",
          0);
    }
    return peer;
  }

  @Override
  public void abort(String reason) {
    end("rank %d aborted: %s".formatted(rank(), reason));
  }

  @Override
  public void close() {
    end("rank %d has closed its communicator".formatted(rank()));
    freeBuffers();
  }

  private void end(String why) {
    var reason = new HawserException(ErrorCode.CLOSED, why, null, rank(), -1, "", 0);
    if (end(reason)) {
      world.forEach(peer -> peer.mailbox().fail(rank(), reason));
    }
  }
}
