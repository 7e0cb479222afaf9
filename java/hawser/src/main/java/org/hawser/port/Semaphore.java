package org.hawser.port;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Platform;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.NativePortSemaphore;
import org.hawser.ffi.PortLayouts;

/**
 * A count of the peer's signals here, and the way to the peer's count. Each signal ends one wait:
 * signals that came before anybody waited are not lost. One thread at a time waits; many may poll.
 */
public final class Semaphore extends PortObject {
  private static final long VALUE = Layouts.offset(PortLayouts.WORD, "value");

  /** About what falling asleep and being woken costs. */
  private static final long SPIN_NANOS = 50_000;

  /** Between two looks at the clock. */
  private static final int SPINS = 64;

  private static final VarHandle TAKEN;

  static {
    try {
      TAKEN = MethodHandles.lookup().findVarHandle(Semaphore.class, "taken", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Connection connection;
  private final NativePortSemaphore semaphore;

  /** A hawser_port_word, null where a GPU has it. Ends by itself: looks at it need no lease. */
  private final MemorySegment word;

  private volatile long taken;

  private Semaphore(
      Connection connection, boolean onDevice, NativePortSemaphore semaphore, Arena scope) {
    super("a semaphore on " + connection, () -> free(semaphore, scope), connection);
    this.connection = connection;
    this.semaphore = semaphore;
    this.word = onDevice ? null : semaphore.word(scope);
  }

  private static void free(NativePortSemaphore semaphore, Arena scope) {
    // Nobody looks at the word any more when this returns.
    scope.close();
    semaphore.close();
  }

  /**
   * @param onDevice in the memory of the connection's GPU
   */
  static Semaphore open(Connection connection, boolean onDevice) {
    connection.enter();
    try {
      var made =
          new Semaphore(
              connection,
              onDevice,
              onDevice
                  ? NativePortSemaphore.openOnDevice(connection.connection())
                  : NativePortSemaphore.open(connection.connection()),
              Arena.ofShared());
      made.announce();
      return made;
    } finally {
      connection.leave();
    }
  }

  public Connection connection() {
    return connection;
  }

  /** Whether a GPU has it: then kernels wait on it, and the host can neither wait nor poll. */
  public boolean isOnDevice() {
    return word == null;
  }

  /** What the peer's {@link #join} wants. */
  public byte[] serialize() {
    enter();
    try {
      return semaphore.bytes();
    } finally {
      leave();
    }
  }

  /**
   * Joins the peer's end: signals have a destination from now on.
   *
   * @param peer what the peer's {@link #serialize} returned
   * @throws HawserException TIMEOUT, INVALID_ARGUMENT when the bytes are no semaphore's
   */
  public void join(byte[] peer, Duration timeout) {
    var deadline = Deadline.in(timeout);
    enter();
    try {
      Platform.call(
          () -> {
            semaphore.join(peer, deadline.leftOrZero());
            return null;
          });
    } finally {
      leave();
    }
  }

  /**
   * Takes one of the peer's signals, if one is there. No native call.
   *
   * @throws HawserException what the connection failed with, when it has and no signal is left;
   *     INVALID_ARGUMENT where a GPU has it
   */
  public boolean poll() {
    enter();
    try {
      return pollEntered();
    } finally {
      leave();
    }
  }

  /** For a caller that keeps it from being freed. */
  boolean pollEntered() {
    if (take()) {
      return true;
    }
    requireUsable();
    return false;
  }

  private void requireUsable() {
    requireNotClosed();
    connection.requireOpen();
  }

  /**
   * Waits for one of the peer's signals and takes it. Spins first; then a platform thread sleeps,
   * and a virtual one naps. A wait that fails takes none.
   *
   * @throws HawserException TIMEOUT; CLOSED or what the connection failed with, naming the peer's
   *     rank; CANCELLED when the thread is interrupted; INVALID_ARGUMENT where a GPU has it
   */
  public void awaitSignal(Duration timeout) {
    await(this, timeout);
  }

  /** Waits until {@code closeable}, this or a channel on it, is closed. */
  void await(PortObject closeable, Duration timeout) {
    closeable.requireNotClosed();
    // Leases, and looks at the clock, take as long as a peer that spins needs to answer.
    if (takeSoon()) {
      return;
    }
    var deadline = Deadline.in(timeout);
    closeable.enter();
    try {
      await(closeable, deadline);
    } finally {
      closeable.leave();
    }
  }

  private void await(PortObject closeable, Deadline deadline) {
    boolean driving = connection.transport().isDrivenByWaiters();
    if (driving || Thread.currentThread().isVirtual() || !spin(deadline)) {
      Waits.await(
          nanos -> take() || sleep(nanos),
          closeable,
          deadline,
          () -> "no signal came over " + connection);
    }
  }

  private boolean spin(Deadline deadline) {
    long until = Math.min(SPIN_NANOS, deadline.leftOrZero());
    var end = Deadline.inNanos(until);
    do {
      if (takeSoon()) {
        return true;
      }
    } while (!end.passed());
    return false;
  }

  private boolean takeSoon() {
    for (int i = 0; i < SPINS; i++) {
      if (take()) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  /** False when the time was over; throws what the connection failed with. */
  private boolean sleep(long nanos) {
    requireUsable();
    return nanos > 0 && semaphore.await(taken + 1, nanos) && take();
  }

  /** Takes a signal, if one is there. The acquire makes all that was put before it visible. */
  private boolean take() {
    if (word == null) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          this + " is in a GPU's memory: a kernel waits on it, not the host");
    }
    long next;
    do {
      next = taken;
      if (value() <= next) {
        return false;
      }
    } while (!TAKEN.compareAndSet(this, next, next + 1));
    return true;
  }

  private long value() {
    try {
      return Words.acquire(word, VALUE);
    } catch (IllegalStateException e) {
      throw closed();
    }
  }

  NativePortSemaphore semaphore() {
    return semaphore;
  }
}
