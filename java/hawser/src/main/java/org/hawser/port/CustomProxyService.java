package org.hawser.port;

import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;

/**
 * A proxy of one's own: a FIFO of triggers, and a Java thread that hands them to a {@link
 * ProxyHandler} in their order. Where a {@link ProxyService} would copy and signal, the handler
 * does what it likes, such as an all-gather over many {@link Connection}s.
 *
 * <p>Any thread may push. What the handler throws ends the service: it is thrown again, as the
 * cause of a {@link HawserException}, by every push and by {@link #stopProxy}.
 */
public final class CustomProxyService implements AutoCloseable {
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
  private static final long SPIN_NANOS = 20_000;

  /** No longer at a time, so that a missed wake-up costs no more. */
  private static final long SLEEP_NANOS = 100_000_000;

  private static final long REFUSED_NAP_NANOS = 10_000;

  private final TriggerFifo fifo;
  private final ProxyHandler handler;
  private Thread thread; // guarded by this
  private volatile Thread sleeper;
  private volatile boolean stopping;
  private volatile boolean abandoned;
  private volatile HawserException failure;

  /** With the FIFO of a {@link ProxyService}. */
  public CustomProxyService(ProxyHandler handler) {
    this(ProxyService.FIFO_SIZE, handler);
  }

  /**
   * @param fifoSize triggers that wait at most, rounded up to a power of two; who pushes more waits
   */
  public CustomProxyService(int fifoSize, ProxyHandler handler) {
    if (fifoSize < 1 || fifoSize > 1 << 24) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a FIFO has 1 to 2^24 triggers, not " + fifoSize);
    }
    this.fifo = new TriggerFifo(fifoSize);
    this.handler = handler;
  }

  /**
   * Starts the thread that serves.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it does already; what the handler threw, when
   *     it has
   */
  public synchronized void startProxy() {
    requireSound();
    if (thread != null) {
      throw new HawserException(ErrorCode.INVALID_ARGUMENT, "the proxy runs already");
    }
    stopping = false;
    abandoned = false;
    thread = Thread.ofPlatform().daemon().name("hawser-proxy").start(this::serve);
  }

  /**
   * Posts a trigger; waits for room where the FIFO is full.
   *
   * @throws HawserException TIMEOUT when there was none in time; CANCELLED when the thread is
   *     interrupted; what the handler threw, when it has
   */
  public void push(Trigger trigger, Duration timeout) {
    requireSound();
    if (!fifo.offer(trigger)) {
      pushWhenThereIsRoom(trigger, Deadline.in(timeout));
    }
    // The trigger must be visible before the sleeper is looked for: the thread says that it
    // sleeps, then looks at the FIFO.
    VarHandle.fullFence();
    LockSupport.unpark(sleeper);
  }

  private void pushWhenThereIsRoom(Trigger trigger, Deadline deadline) {
    Waits.retry(
        () -> {
          requireSound();
          return fifo.offer(trigger);
        },
        deadline,
        () ->
            "the FIFO of %d triggers had no room; is the proxy started?: the trigger was not posted"
                .formatted(fifo.capacity()));
  }

  /** As {@link #stopProxy(Duration)}, within 10 seconds. */
  public void stopProxy() {
    stopProxy(STOP_TIMEOUT);
  }

  /**
   * Serves what is in the FIFO, and ends the thread.
   *
   * @throws HawserException TIMEOUT when the handler does not come to an end, or refused what was
   *     left; what it threw, when it has
   */
  public synchronized void stopProxy(Duration timeout) {
    if (thread != null) {
      stopping = true;
      LockSupport.unpark(thread);
      if (!join(timeout)) {
        abandoned = true;
        throw new HawserException(
            ErrorCode.TIMEOUT, "the proxy had not served all its triggers in time");
      }
      thread = null;
    }
    requireSound();
  }

  private boolean join(Duration timeout) {
    try {
      return thread.join(timeout);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(
          ErrorCode.CANCELLED, "interrupted while the proxy stops, which it does nevertheless", e);
    }
  }

  /** Stops; what the handler threw was told to those who pushed. */
  @Override
  public void close() {
    try {
      stopProxy();
    } catch (HawserException e) {
      if (e.code() == ErrorCode.TIMEOUT || e.code() == ErrorCode.CANCELLED) {
        throw e;
      }
    }
  }

  private void requireSound() {
    HawserException reason = failure;
    if (reason != null) {
      throw reason.again();
    }
  }

  // ----------------------------------------------------------------------------------------------
  // the service's thread

  private void serve() {
    var trigger = new Trigger();
    try {
      while (!abandoned && awaitTrigger(trigger)) {
        if (handler.handle(trigger)) {
          fifo.pop();
        } else {
          LockSupport.parkNanos(this, REFUSED_NAP_NANOS);
        }
      }
    } catch (Throwable e) {
      failure =
          new HawserException(
              e instanceof HawserException known ? known.code() : ErrorCode.INTERNAL,
              "the proxy's handler failed: " + e,
              e);
    }
  }

  /** False when the service stops, and nothing is left. */
  private boolean awaitTrigger(Trigger trigger) {
    long idleSince = System.nanoTime();
    while (!fifo.peek(trigger)) {
      if (stopping) {
        return fifo.peek(trigger);
      }
      if (System.nanoTime() - idleSince < SPIN_NANOS) {
        Thread.onSpinWait();
      } else {
        sleep();
      }
    }
    return true;
  }

  private void sleep() {
    sleeper = Thread.currentThread();
    VarHandle.fullFence();
    if (fifo.isEmpty() && !stopping) {
      LockSupport.parkNanos(this, SLEEP_NANOS);
    }
    sleeper = null;
  }
}
