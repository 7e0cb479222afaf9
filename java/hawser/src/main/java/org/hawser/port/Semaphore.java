package org.hawser.port;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
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
  private final MemorySegment word; // a hawser_port_word
  private volatile long taken;

  private Semaphore(Connection connection, NativePortSemaphore semaphore) {
    super("a semaphore on " + connection, semaphore::close, connection);
    this.connection = connection;
    this.semaphore = semaphore;
    this.word = semaphore.word();
  }

  static Semaphore open(Connection connection) {
    connection.enter();
    try {
      var made = new Semaphore(connection, NativePortSemaphore.open(connection.connection()));
      made.announce();
      return made;
    } finally {
      connection.leave();
    }
  }

  public Connection connection() {
    return connection;
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
   * @throws HawserException what the connection failed with, when it has and no signal is left
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
   *     rank; CANCELLED when the thread is interrupted
   */
  public void awaitSignal(Duration timeout) {
    enter();
    try {
      if (!take()) {
        await(this, Deadline.in(timeout));
      }
    } finally {
      leave();
    }
  }

  /** Waits for a caller that has entered, until {@code closeable} is closed. */
  void await(PortObject closeable, Deadline deadline) {
    if (Thread.currentThread().isVirtual() || !spin(deadline)) {
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
      for (int i = 0; i < SPINS; i++) {
        if (take()) {
          return true;
        }
        Thread.onSpinWait();
      }
    } while (!end.passed());
    return false;
  }

  /** False when the time was over; throws what the connection failed with. */
  private boolean sleep(long nanos) {
    requireUsable();
    return nanos > 0 && semaphore.await(taken + 1, nanos) && take();
  }

  /** Takes a signal, if one is there. The acquire makes all that was put before it visible. */
  boolean take() {
    long next;
    do {
      next = taken;
      if (Words.acquire(word, VALUE) <= next) {
        return false;
      }
    } while (!TAKEN.compareAndSet(this, next, next + 1));
    return true;
  }

  NativePortSemaphore semaphore() {
    return semaphore;
  }
}
