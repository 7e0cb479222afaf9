package org.hawser.comm;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.hawser.HawserException;
import org.hawser.mem.Buffer;

/**
 * What communicators have in common that keep what arrived in a {@link Mailbox}: all but the
 * sending. How their threads wait is theirs to say.
 */
public abstract class MailboxCommunicator implements Communicator {
  private final int rank;
  private final int worldSize;
  private final Mailbox mailbox;
  private final Traffic traffic = new Traffic();
  private final LargeBuffers buffers = new LargeBuffers();
  private final Waiting waiting;
  private final AtomicReference<HawserException> ended = new AtomicReference<>();

  /**
   * @param waiting how a thread waits for a message or the end of a send
   */
  protected MailboxCommunicator(int rank, int worldSize, Waiting waiting) {
    this(rank, worldSize, waiting, Mailbox.DEFAULT_LIMIT);
  }

  /**
   * @param waiting how a thread waits for a message or the end of a send
   * @param mailboxBytes that may wait to be received
   */
  protected MailboxCommunicator(int rank, int worldSize, Waiting waiting, long mailboxBytes) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.mailbox = new Mailbox(rank, worldSize, mailboxBytes);
    this.waiting = waiting;
  }

  /** What has arrived for this rank. */
  protected final Mailbox mailbox() {
    return mailbox;
  }

  protected final Traffic traffic() {
    return traffic;
  }

  /** Sends to this very rank: the bytes are copied when there is room for them. */
  protected final void sendToSelf(
      Key key, long address, long bytes, Completion completion, long context) {
    traffic.received(bytes);
    mailbox.announce(
        rank, key, new CopiedMessage(mailbox, buffers, address, bytes, completion, context));
  }

  /** For messages that are copied; freed by {@link #freeBuffers}. */
  final LargeBuffers buffers() {
    return buffers;
  }

  /**
   * Memory for one message: whole pages that were used before, where there are such.
   *
   * @throws HawserException OUT_OF_MEMORY when the kernel refuses
   */
  protected final Buffer takeBuffer(long bytes) {
    return buffers.take(bytes);
  }

  /** Takes a buffer of {@link #takeBuffer} back. */
  protected final void giveBack(Buffer buffer) {
    buffers.giveBack(buffer);
  }

  /** What comes back later is freed at once. */
  protected final void freeBuffers() {
    buffers.close();
  }

  /** Moves what can be moved without waiting, for threads that look in again and again. */
  protected void progress() {}

  /**
   * The first call ends this communicator: who waits fails with the reason, and so does who comes.
   *
   * @return whether this was the first call
   */
  protected final boolean end(HawserException reason) {
    if (!ended.compareAndSet(null, reason)) {
      return false;
    }
    mailbox.abort(reason);
    return true;
  }

  /** Why it has ended, null while it has not. */
  protected final HawserException ended() {
    return ended.get();
  }

  /**
   * @throws HawserException once it has ended
   */
  protected final void requireOpen() {
    HawserException reason = ended.get();
    if (reason != null) {
      throw reason.again();
    }
  }

  @Override
  public final int rank() {
    return rank;
  }

  @Override
  public final int worldSize() {
    return worldSize;
  }

  @Override
  public Message recv(int from, Key key, long timeoutNanos) {
    return mailbox.recv(from, key, timeoutNanos, waiting);
  }

  @Override
  public boolean hasMessage(int from, Key key) {
    progress();
    return mailbox.has(from, key);
  }

  @Override
  public Optional<byte[]> peekMessage(int from, Key key, int limit) {
    progress();
    return mailbox.peek(from, key, limit);
  }

  @Override
  public void await(BooleanSupplier done, long timeoutNanos) {
    waiting.await(done, timeoutNanos);
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
  public void discard(Key prefix, HawserException reason) {
    mailbox.discard(prefix, reason);
  }

  @Override
  public CommStatistics statistics() {
    return traffic.statistics(mailbox.bytesWaiting());
  }
}
