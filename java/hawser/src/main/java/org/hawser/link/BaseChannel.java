package org.hawser.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;

/**
 * A channel over a communicator: what goes under the tag {@code t} here goes under the key {@code
 * prefix:t} there, so that channels and other users of the communicator do not meet.
 *
 * <p>A communicator may limit a message's length. Longer ones then go as pieces under one key, each
 * as long as may be but the last, which is shorter, and empty where need be: both ends must know
 * the same limit.
 */
public final class BaseChannel implements Channel {
  /** Where messages of libspu go unless told otherwise. */
  public static final String DEFAULT_PREFIX = "spu";

  private static final Duration DEFAULT_RECV_TIMEOUT = Duration.ofSeconds(100);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final Key TEST_KEY = Key.of("__test__");
  private static final byte TEST_BYTE = 0;
  private static final MemorySegment TEST_MESSAGE = Arena.global().allocate(1);

  /** A key to build on, for each thread: keys are needed for the length of a call only. */
  private static final ThreadLocal<Key> KEYS = ThreadLocal.withInitial(Key::new);

  private final Communicator communicator;
  private final int localRank;
  private final int peerRank;
  private final Key prefix;
  private final Key scope;
  private final boolean handshake;
  private final boolean notifies;
  private final ChannelSends sends;
  private final Pieces pieces;
  private final Surrender surrender;
  private final LongAdder messagesSent = new LongAdder();
  private final LongAdder bytesSent = new LongAdder();
  private volatile long recvTimeoutNanos = DEFAULT_RECV_TIMEOUT.toNanos();

  /** As {@link #BaseChannel(Communicator, int, int, String)}, under {@link #DEFAULT_PREFIX}. */
  public BaseChannel(Communicator communicator, int localRank, int peerRank) {
    this(communicator, localRank, peerRank, DEFAULT_PREFIX);
  }

  /**
   * @param communicator stays the caller's, and must outlive the channel
   * @param localRank this party's rank in the communicator
   * @param peerRank the other party's
   * @param tagPrefix the same at both ends; another one for every link that is in use at a time
   * @throws HawserException INVALID_ARGUMENT for ranks that are none
   */
  public BaseChannel(Communicator communicator, int localRank, int peerRank, String tagPrefix) {
    this(communicator, localRank, peerRank, LinkOptions.DEFAULT.withId(tagPrefix));
  }

  /** A channel of a link. */
  BaseChannel(Communicator communicator, int localRank, int peerRank, LinkOptions options) {
    if (localRank != communicator.rank()
        || peerRank < 0
        || peerRank >= communicator.worldSize()
        || peerRank == localRank) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "no channel from rank %d to rank %d: this is rank %d of %d"
              .formatted(localRank, peerRank, communicator.rank(), communicator.worldSize()));
    }
    if (options.tag().indexOf(':') >= 0) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "no channel with the prefix \"%s\": a colon ends it".formatted(options.tag()));
    }
    this.communicator = communicator;
    this.localRank = localRank;
    this.peerRank = peerRank;
    this.prefix = Key.of(options.tag() + ":");
    this.scope = Key.of(options.scope());
    this.handshake = options.handshake();
    this.notifies = options.notified().test(peerRank);
    this.sends = new ChannelSends();
    this.surrender = new Surrender(communicator, peerRank, scope);
    this.pieces = new Pieces(communicator, peerRank);
    setRecvTimeout(options.recvTimeout());
    setThrottleWindowSize(options.throttleWindow());
    communicator.admit(peerRank, scope);
  }

  @Override
  public void send(Key tag, long address, long bytes) {
    send(tag, address, bytes, Completion.IGNORED, 0);
  }

  /**
   * As {@link #send(Key, long, long)}, for memory that goes as soon as it may: when a send takes
   * too long, or the channel is aborted, this throws while the memory is still in use.
   *
   * @param completion told when the memory is not in use any more, in any case
   */
  void send(Key tag, long address, long bytes, Completion completion, long context) {
    var delivery = new Delivery(Thread.currentThread(), completion);
    try {
      start(tag, address, bytes, sends.begin(delivery, context, false), true);
    } catch (HawserException e) {
      completion.ended(context, e);
      throw e;
    }
    if (!await(() -> delivery.ended || sends.isAborted())) {
      throw timeout("%d bytes under %s are not delivered".formatted(bytes, tag), recvTimeoutNanos);
    }
    if (!delivery.ended) {
      sends.requireOpen();
    }
    if (delivery.failure != null) {
      throw delivery.failure.again();
    }
  }

  /** A send that a thread waits for. */
  private static final class Delivery implements Completion {
    private final Thread sender;
    private final Completion completion;
    private HawserException failure;
    private volatile boolean ended;

    Delivery(Thread sender, Completion completion) {
      this.sender = sender;
      this.completion = completion;
    }

    @Override
    public void ended(long context, HawserException reason) {
      completion.ended(context, reason);
      failure = reason;
      ended = true;
      LockSupport.unpark(sender);
    }
  }

  @Override
  public void sendAsync(Key tag, long address, long bytes, Completion completion, long context) {
    start(tag, address, bytes, sends.begin(completion, context, false), false);
  }

  @Override
  public void sendAsyncThrottled(
      Key tag, long address, long bytes, Completion completion, long context) {
    while (!sends.tryAcquire()) {
      if (!await(sends::hasRoom)) {
        throw timeout("the throttle window stays full", recvTimeoutNanos);
      }
    }
    start(tag, address, bytes, sends.begin(completion, context, true), false);
  }

  private void start(
      Key tag, long address, long bytes, ChannelSends.Pending pending, boolean delivers) {
    count(bytes);
    try {
      Key key = key(tag);
      if (pieces.isNeeded(bytes)) {
        pieces.send(key, address, bytes, recvTimeoutNanos);
        pending.ended(0, null);
      } else if (delivers) {
        communicator.deliver(peerRank, key, address, bytes, pending, 0);
      } else {
        communicator.send(peerRank, key, address, bytes, pending, 0);
      }
    } catch (HawserException e) {
      pending.withdraw();
      throw e;
    }
  }

  private void count(long bytes) {
    messagesSent.increment();
    bytesSent.add(bytes);
  }

  /** What was sent so far; handshakes do not count. */
  public LinkStatistics statistics() {
    return new LinkStatistics(messagesSent.sum(), bytesSent.sum());
  }

  @Override
  public Message recv(Key tag) {
    long timeout = recvTimeoutNanos;
    Key key = key(tag);
    Message message;
    try {
      message = communicator.recv(peerRank, key, Math.min(timeout, LOOK_NANOS));
    } catch (HawserException e) {
      message = recvLate(key, timeout, e);
    }
    return pieces.isPiece(message) ? pieces.join(key, message, timeout) : message;
  }

  /**
   * Waits on, and looks now and then whether the peer has given up: then nothing comes any more.
   */
  private Message recvLate(Key key, long timeoutNanos, HawserException firstFailure) {
    HawserException failure = firstFailure;
    long deadline = System.nanoTime() + timeoutNanos - LOOK_NANOS;
    while (failure.code() == ErrorCode.TIMEOUT) {
      surrender.throwIfHeard();
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw timeout("no message under key " + key, timeoutNanos);
      }
      try {
        return communicator.recv(peerRank, key, Math.min(left, LOOK_NANOS));
      } catch (HawserException e) {
        failure = e;
      }
    }
    throw failure;
  }

  /** As {@link #abort}, and tells the peer why, if it is to be told; does not wait for it. */
  void giveUp(HawserException reason) {
    if (notifies) {
      surrender.tell(reason);
    }
    abort();
  }

  @Override
  public void testSend(Duration timeout) {
    if (handshake) {
      communicator.sendSync(peerRank, key(TEST_KEY), TEST_MESSAGE.address(), 1, timeout.toNanos());
    }
  }

  @Override
  public void testRecv() {
    if (!handshake) {
      return;
    }
    try (Message message = recv(TEST_KEY)) {
      if (message.bytes() != 1 || message.segment().get(ValueLayout.JAVA_BYTE, 0) != TEST_BYTE) {
        throw new HawserException(
            ErrorCode.INTERNAL,
            "%s: the handshake has %d bytes or another value than one byte 0: does the peer speak yacl?"
                .formatted(this, message.bytes()));
      }
    }
  }

  @Override
  public void waitLinkTaskFinish() {
    if (!await(sends::areEnded)) {
      throw timeout("%d sends have not ended".formatted(sends.underWay()), recvTimeoutNanos);
    }
    sends.throwFirstFailure();
  }

  @Override
  public void abort() {
    var reason =
        new HawserException(ErrorCode.CLOSED, this + " was aborted", null, peerRank, -1, "", 0);
    sends.abort(reason);
    communicator.refuse(peerRank, scope, reason);
  }

  /** Lets go of what nobody will ask for any more: the link has ended. */
  void forget() {
    communicator.discard(
        scope,
        new HawserException(ErrorCode.CLOSED, this + " has ended", null, peerRank, -1, "", 0));
    communicator.admit(peerRank, scope);
  }

  @Override
  public void setThrottleWindowSize(long size) {
    sends.setWindow(size);
  }

  @Override
  public void setChunkParallelSendSize(long size) {
    pieces.setParallel(size);
  }

  @Override
  public void setRecvTimeout(Duration timeout) {
    if (!timeout.isPositive()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, this + ": a timeout is more than nothing, not " + timeout);
    }
    recvTimeoutNanos = timeout.toNanos();
  }

  @Override
  public Duration getRecvTimeout() {
    return Duration.ofNanos(recvTimeoutNanos);
  }

  private boolean await(BooleanSupplier done) {
    if (done.getAsBoolean()) {
      return true;
    }
    sends.enter();
    try {
      communicator.await(done, recvTimeoutNanos);
    } finally {
      sends.leave();
    }
    return done.getAsBoolean();
  }

  private Key key(Key tag) {
    return KEYS.get().set(prefix, tag);
  }

  private HawserException timeout(String what, long nanos) {
    return new HawserException(
        ErrorCode.TIMEOUT,
        "%s: %s within %d ms".formatted(this, what, TimeUnit.NANOSECONDS.toMillis(nanos)),
        null,
        peerRank,
        -1,
        "",
        0);
  }

  /** For messages. */
  @Override
  public String toString() {
    return "the channel %s from rank %d to rank %d".formatted(scope, localRank, peerRank);
  }
}
