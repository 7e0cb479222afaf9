package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.ffi.NativeStat;
import org.hawser.mem.DeviceBuffer;

/**
 * A send or a receive under way. Any thread may use it, several at once too.
 *
 * <p>The memory belongs to the transfer until it has ended: a send ends when the peer has
 * acknowledged every byte. A wait that times out does not end it; {@link #cancel} asks for the end.
 * Memory of a {@link org.hawser.mem.Buffer} or an automatic arena stays valid by itself for as
 * long; any other arena must outlive the transfer.
 */
public final class Transfer {
  /** Stages that follow a transfer run on virtual threads, never on the thread that drives. */
  static final Executor STAGES = command -> Thread.ofVirtual().start(command);

  private static final int PENDING = 1;
  private static final VarHandle STATUS;
  private static final VarHandle WAITER;
  private static final VarHandle FUTURE;
  private static final VarHandle ASYNC;

  static {
    try {
      var lookup = MethodHandles.lookup();
      STATUS = lookup.findVarHandle(Transfer.class, "status", int.class);
      WAITER = lookup.findVarHandle(Transfer.class, "waiter", Thread.class);
      FUTURE = lookup.findVarHandle(Transfer.class, "future", TransferFuture.class);
      ASYNC = lookup.findVarHandle(Transfer.class, "async", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * What {@link #toCompletableFuture} gives: its asynchronous stages default to virtual threads.
   */
  private static final class TransferFuture extends CompletableFuture<Long> {
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new CompletableFuture<>();
    }

    @Override
    public Executor defaultExecutor() {
      return STAGES;
    }
  }

  final Link link;
  final boolean sends;
  final long tag;
  final long address;
  final long length;
  // One of the two is null; keeps automatic memory reachable.
  private final MemorySegment segment;
  private final DeviceBuffer device;
  private final TransferEvent event;
  private final TransferListener listener;

  // Written before the operation is posted.
  long id;
  long registered; // the number of its memory's registration, 0 for none
  // The driver's, of a send that waits for lanes.
  Transfer nextReady;
  long chunkBytes;
  long scheduled;
  boolean ready;

  private volatile int status = PENDING;
  private volatile Thread waiter;
  private volatile TransferFuture future;
  private volatile boolean async;
  private long bytes;
  private HawserException failure;

  Transfer(Link link, boolean sends, MemorySegment segment, long tag, TransferListener listener) {
    this(link, sends, segment, null, segment.address(), segment.byteSize(), tag, listener);
  }

  /** Of memory that lies within a GPU's. */
  Transfer(
      Link link,
      boolean sends,
      DeviceBuffer device,
      long address,
      long length,
      long tag,
      TransferListener listener) {
    this(link, sends, null, device, address, length, tag, listener);
  }

  private Transfer(
      Link link,
      boolean sends,
      MemorySegment segment,
      DeviceBuffer device,
      long address,
      long length,
      long tag,
      TransferListener listener) {
    this.link = link;
    this.listener = listener;
    this.sends = sends;
    this.tag = tag;
    this.segment = segment;
    this.device = device;
    this.address = address;
    this.length = length;
    this.event = TransferEvent.begun();
  }

  /** Whether it has ended, well or not. */
  public boolean isDone() {
    return status != PENDING;
  }

  /**
   * As {@link #isDone}; when it has not ended and nobody drives, drives one round without waiting
   * first. On a virtual thread it only looks.
   */
  public boolean test() {
    if (!isDone() && !Thread.currentThread().isVirtual()) {
      link.driver().tryRound();
    }
    return isDone();
  }

  /**
   * Waits until it has ended. A platform thread drives the engine while it waits; a virtual one
   * parks.
   *
   * @return the message's bytes
   * @throws HawserException TIMEOUT when it has not ended in time, and goes on; CANCELLED when it
   *     was cancelled or this thread is interrupted; otherwise why it failed
   */
  public long await(Duration timeout) {
    if (!isDone()) {
      awaitEnd(Deadline.in(timeout));
    }
    if (!isDone()) {
      throw new HawserException(
          ErrorCode.TIMEOUT,
          "%s has not ended within %s; it goes on: await it again, or cancel it"
              .formatted(this, timeout),
          null,
          link.peerRank(),
          -1,
          "",
          0);
    }
    return result();
  }

  /** The message's bytes, of a transfer that has ended well; 0 otherwise. */
  public long bytes() {
    return status == 0 ? bytes : 0;
  }

  /** Why it failed; null when it ended well, or has not ended. */
  public HawserException failure() {
    return isDone() ? failure : null;
  }

  /**
   * Asks for an early end. It ends in any case: with CANCELLED when this came in time, else as if
   * never asked.
   */
  public void cancel() {
    link.cancel(this);
  }

  /**
   * A future that completes with the message's bytes, or with the {@link HawserException}. It is
   * completed on a virtual thread: stages that depend on it never run on the thread that drives.
   * Cancelling the future does not cancel the transfer.
   */
  public CompletableFuture<Long> toCompletableFuture() {
    TransferFuture present = future;
    if (present != null) {
      return present;
    }
    var mine = new TransferFuture();
    if (!FUTURE.compareAndSet(this, null, mine)) {
      return future;
    }
    async = true;
    link.driver().wantedAsync();
    // Either this thread sees the end here, or complete() sees the future: both write before they
    // read.
    if (isDone()) {
      endAsync();
      settle(mine);
    }
    return mine;
  }

  /** The driver: it has ended. Nobody touches its memory any more. */
  void complete(int code, long transferred, HawserException reason) {
    bytes = transferred;
    failure = code == 0 ? null : reason;
    if (event != null) {
      event.finish(this, transferred, code);
    }
    STATUS.setVolatile(this, code);
    tellListener();
    Thread parked = waiter;
    if (parked != null) {
      LockSupport.unpark(parked);
    }
    TransferFuture present = future;
    if (present != null) {
      endAsync();
      STAGES.execute(() -> settle(present));
    }
  }

  /** A listener's mistake must not end the moving of everybody's bytes. */
  private void tellListener() {
    try {
      listener.ended(this);
    } catch (RuntimeException e) {
      Thread driver = Thread.currentThread();
      driver.getUncaughtExceptionHandler().uncaughtException(driver, e);
    }
  }

  boolean touches(long start, long size) {
    return address < start + size && start < address + length;
  }

  boolean isAlive() {
    return device == null ? segment.scope().isAlive() : device.isOpen();
  }

  /** Whether the host cannot reach its memory: a registration tells the lanes how to. */
  boolean needsRegistration() {
    return device != null && length != 0;
  }

  HawserException notRegistered() {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "%s cannot start: %s is not registered with the link: call its register() once"
            .formatted(this, device));
  }

  private void awaitEnd(Deadline deadline) {
    // One thread is woken directly; another one waits on the future.
    if (!WAITER.compareAndSet(this, null, Thread.currentThread())) {
      deadline.join(toCompletableFuture());
      return;
    }
    try {
      long left = deadline.left();
      long patience = Math.min(left, NativeStat.PATIENCE_NANOS);
      link.driver().await(this::isDone, Deadline.inNanos(patience));
      if (!isDone()) {
        awaitLong(deadline, patience);
      }
    } finally {
      waiter = null;
    }
  }

  /** As before, with a note of it for who looks at this process from outside. */
  private void awaitLong(Deadline deadline, long waited) {
    int note = NativeStat.waitBegins(-1, link.peerRank(), waited, deadline.left(), toString());
    try {
      link.driver().await(this::isDone, deadline);
    } finally {
      NativeStat.waitEnds(note);
    }
  }

  private long result() {
    if (status != 0) {
      throw failure.again();
    }
    return bytes;
  }

  private void settle(TransferFuture present) {
    if (status == 0) {
      present.complete(bytes);
    } else {
      present.completeExceptionally(failure);
    }
  }

  /** Once only: the driver is no longer needed on behalf of the future. */
  private void endAsync() {
    if (ASYNC.compareAndSet(this, true, false)) {
      link.driver().unwantedAsync();
    }
  }

  /** For messages: {@code send of 42 bytes with tag 7 to rank 1 at host}. */
  @Override
  public String toString() {
    return "%s of %d bytes with tag %d %s %s"
        .formatted(sends ? "send" : "receive", length, tag, sends ? "to" : "from", link.peer());
  }
}
