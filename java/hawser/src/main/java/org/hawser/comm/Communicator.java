package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Messages between the ranks of one job, each named by sender and key. Any thread may use it, many
 * at once; virtual threads too.
 *
 * <p>Equal keys of different senders never mix. A key that is sent twice is received twice, in the
 * order of the sends. Messages without bytes are messages. What arrived waits in a mailbox of
 * bounded size until it is received; when it is full, senders wait: sends end later, and nothing is
 * lost. A rank may send to itself.
 *
 * <p>Every failure is a {@link org.hawser.HawserException} that names this rank, the peer and the
 * key.
 */
public interface Communicator extends AutoCloseable {
  /** This party's, from 0. */
  int rank();

  /** The number of ranks. */
  int worldSize();

  /**
   * Starts to send {@code bytes} bytes at {@code address}. The memory must stay as it is until
   * {@code completion} is told. Does not wait for the receiver. Allocates nothing on the heap where
   * the transport can do without.
   *
   * @param key may be set anew when this returns
   * @throws org.hawser.HawserException INVALID_ARGUMENT for a rank that does not exist, CLOSED
   *     after {@link #close} or {@link #abort}, LINK_FAILED when the peer is gone; {@code
   *     completion} is not told then
   */
  void send(int to, Key key, long address, long bytes, Completion completion, long context);

  /**
   * Waits for the next message under a key.
   *
   * @param key may be set anew when this returns
   * @param timeoutNanos from now; 0 and below only looks
   * @return the message, which the caller closes
   * @throws org.hawser.HawserException TIMEOUT; LINK_FAILED when the peer is gone and has left no
   *     such message; CLOSED when this communicator is closed or aborted meanwhile; CANCELLED when
   *     the thread is interrupted
   */
  Message recv(int from, Key key, long timeoutNanos);

  /** Whether {@link #recv} would return at once. */
  boolean hasMessage(int from, Key key);

  /**
   * A copy of the next message's bytes, without receiving it; empty when there is none. Meant for
   * small messages: copies at most the first {@code limit} bytes.
   */
  Optional<byte[]> peekMessage(int from, Key key, int limit);

  /** What it has done so far. */
  CommStatistics statistics();

  /**
   * Wakes everybody who waits with an error (CLOSED, with the reason) and refuses what comes after.
   * Peers are told where the transport can tell them. Never blocks for long; {@link #close} must
   * still be called.
   */
  void abort(String reason);

  /** Waits, within a bound, until what was sent has gone, and frees everything. */
  @Override
  void close();

  /**
   * As {@link #send(int, Key, long, long, Completion, long)}, with a handle to wait on.
   *
   * @param segment native memory that any thread may read, alive until the send has ended
   */
  default Sending send(int to, String key, MemorySegment segment) {
    var sending = new Sending(this, to, key, segment);
    send(to, Key.of(key), segment.address(), segment.byteSize(), sending, 0);
    return sending;
  }

  /** Sends, and waits until the receiver's communicator has the message. */
  default void sendSync(int to, String key, MemorySegment segment, Duration timeout) {
    send(to, key, segment).await(timeout);
  }

  /** As {@link #recv(int, Key, long)}. */
  default Message recv(int from, String key, Duration timeout) {
    return recv(from, Key.of(key), timeout.toNanos());
  }

  /** As {@link #hasMessage(int, Key)}. */
  default boolean hasMessage(int from, String key) {
    return hasMessage(from, Key.of(key));
  }

  /** Waits until a condition holds that a {@link Completion} of this communicator makes true. */
  void await(BooleanSupplier done, long timeoutNanos);
}
