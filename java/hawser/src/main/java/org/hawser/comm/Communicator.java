package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.hawser.HawserException;
import org.hawser.ffi.NativeMemory;

/**
 * Messages between the ranks of one job, each named by sender and key. Any thread may use it, many
 * at once; virtual threads too.
 *
 * <p>Equal keys of different senders never mix. A key that is sent twice is received twice, in the
 * order of the sends. Messages without bytes are messages. What arrived waits in a mailbox of
 * bounded size until it is received; when it is full, senders wait: sends end later, and nothing is
 * lost. A rank may send to itself.
 *
 * <p>Every failure is a {@link HawserException} that names this rank, the peer and the key.
 */
public interface Communicator extends AutoCloseable {
  /** This party's, from 0. */
  int rank();

  /** The number of ranks. */
  int worldSize();

  /**
   * Starts to send {@code bytes} bytes at {@code address}. The memory must stay as it is until
   * {@code completion} is told, which may be as late as when the receiver closes the message: see
   * {@link #deliver}. Allocates nothing on the heap where the transport can do without.
   *
   * @param key may be set anew when this returns
   * @throws HawserException INVALID_ARGUMENT for a rank that does not exist, CLOSED after {@link
   *     #close} or {@link #abort}, LINK_FAILED when the peer is gone; {@code completion} is not
   *     told then
   */
  void send(int to, Key key, long address, long bytes, Completion completion, long context);

  /**
   * As {@link #send}, but ends as soon as the receiver's communicator has the message or a copy of
   * it, whether anybody receives it or not. The same as {@code send} unless a transport gains by
   * the difference.
   */
  default void deliver(
      int to, Key key, long address, long bytes, Completion completion, long context) {
    send(to, key, address, bytes, completion, context);
  }

  /**
   * Waits for the next message under a key.
   *
   * @param key may be set anew when this returns
   * @param timeoutNanos from now; 0 and below only looks
   * @return the message, which the caller closes
   * @throws HawserException TIMEOUT; LINK_FAILED when the peer is gone and has left no such
   *     message; CLOSED when this communicator is closed or aborted meanwhile; CANCELLED when the
   *     thread is interrupted
   */
  Message recv(int from, Key key, long timeoutNanos);

  /** Whether {@link #recv} would return at once. */
  boolean hasMessage(int from, Key key);

  /**
   * A copy of the next message's bytes, without receiving it; empty when there is none. Meant for
   * small messages: copies at most the first {@code limit} bytes.
   */
  Optional<byte[]> peekMessage(int from, Key key, int limit);

  /**
   * From now on who waits for a message of that rank whose key begins with {@code prefix} fails,
   * and so does who comes later, until {@link #admit}.
   */
  void refuse(int from, Key prefix, HawserException reason);

  /** Takes a {@link #refuse} back; does nothing where there was none. */
  void admit(int from, Key prefix);

  /**
   * Drops the messages of all ranks that have arrived, and that nobody has received, whose keys
   * begin with {@code prefix}: nobody will ask for them. What comes later is kept.
   *
   * @param reason told to senders whose messages were still to be fetched
   */
  void discard(Key prefix, HawserException reason);

  /** The longest message that it carries, in bytes; longer ones are cut by who sends them. */
  default long maxMessageBytes() {
    return Long.MAX_VALUE;
  }

  /**
   * Whether that rank is Hawser's too, and so understands what Hawser's layers tell each other
   * beyond mplang's protocol. Where peers of both kinds are possible this asks the peer the first
   * time, and waits for its answer.
   *
   * @throws HawserException when the peer does not answer
   */
  default boolean isHawser(int rank) {
    return true;
  }

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
    send(to, Key.of(key), NativeMemory.address(segment), segment.byteSize(), sending, 0);
    return sending;
  }

  /**
   * Delivers as {@link #deliver} does, and returns when the memory may change. Two ranks may thus
   * both send first and receive then.
   *
   * @throws HawserException as {@link #send}, and TIMEOUT, when the memory is still in use
   */
  default void sendSync(int to, Key key, long address, long bytes, long timeoutNanos) {
    var sending = new Sending(this, to, key.toString(), NativeMemory.at(address, bytes));
    deliver(to, key, address, bytes, sending, 0);
    sending.await(Duration.ofNanos(timeoutNanos));
  }

  /** As {@link #sendSync(int, Key, long, long, long)}. */
  default void sendSync(int to, String key, MemorySegment segment, Duration timeout) {
    long address = NativeMemory.address(segment);
    sendSync(to, Key.of(key), address, segment.byteSize(), timeout.toNanos());
  }

  /** As {@link #recv(int, Key, long)}. */
  default Message recv(int from, String key, Duration timeout) {
    return recv(from, Key.of(key), timeout.toNanos());
  }

  /** As {@link #hasMessage(int, Key)}. */
  default boolean hasMessage(int from, String key) {
    return hasMessage(from, Key.of(key));
  }

  /**
   * Waits for a condition that a {@link Completion} makes true. Whoever makes it true unparks this
   * thread. Returns when it holds or the time is over; the caller looks which.
   *
   * @throws HawserException CANCELLED when the thread is interrupted
   */
  void await(BooleanSupplier done, long timeoutNanos);
}
