package org.hawser.lane;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;

/**
 * Decides who drives an engine. Whoever waits drives it; a background thread does so only when
 * nobody else will.
 *
 * <p>The driver role is one atomic word. A platform thread that waits takes it and runs rounds
 * until what it waits for is there; others that wait meanwhile park, and one of them is woken to
 * take over when the first leaves. The background thread looks in now and then; it takes the role
 * when nobody has driven for a while, or at once when someone needs it who cannot drive: virtual
 * threads and futures. It gives the role up as soon as a platform thread waits. A thread that sends
 * and receives in turn therefore never waits for another thread to be scheduled.
 */
final class Driver {
  private static final int FREE = 0;
  private static final int FOREGROUND = 1;
  private static final int BACKGROUND = 2;

  /**
   * Posted operations are gathered for so long after a round, or up to so many, before a poster
   * runs a round itself.
   */
  private static final long COALESCE_NANOS = 10_000;

  private static final long COALESCE_OPERATIONS = 16;

  /** No wait is longer, so that an interrupt or a missed wake-up costs no more. */
  private static final long SLICE_NANOS = 100_000_000;

  /** How long a driver that spins stays in native code, where nobody can ask it for the role. */
  private static final long SPIN_SLICE_NANOS = 1_000_000;

  private static final long IDLE_NANOS = 1_000_000;
  private static final long TICK_NANOS = 2_000_000;
  private static final int QUIET_TICKS = 16;
  private static final long CLAIM_POLL_NANOS = 50_000;

  private static final VarHandle ROLE;

  static {
    try {
      ROLE = MethodHandles.lookup().findVarHandle(Driver.class, "role", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Engine engine;
  private final boolean spins;
  private final Gate gate = new Gate("this Lanes");
  private final Thread background;

  private volatile int role = FREE;
  private volatile long holds;
  private final Queue<Thread> waiters = new ConcurrentLinkedQueue<>();
  private final AtomicInteger claims = new AtomicInteger();
  private final AtomicInteger asyncWaits = new AtomicInteger();
  private final SpinBudget budget = new SpinBudget();
  private volatile boolean resting;
  private volatile long polled = System.nanoTime() - IDLE_NANOS;
  private volatile boolean stopping;

  Driver(Engine engine, WaitMode mode) {
    this.engine = engine;
    this.spins = mode == WaitMode.SPIN;
    this.background =
        Thread.ofPlatform().daemon().name("hawser-driver").unstarted(this::runInBackground);
  }

  void start() {
    background.start();
  }

  /** Entered by whoever uses the engine outside of a link, so that it is not freed meanwhile. */
  Gate gate() {
    return gate;
  }

  // ----------------------------------------------------------------------------------------------
  // posting

  /**
   * An operation was posted: sees to it that it leaves soon. When nobody drives, a platform thread
   * runs one round itself, unless operations come in bursts: then the first starts at once, and the
   * rest leave together. Called inside a link's gate.
   *
   * @param alone whether it is a send, and nothing else is under way to the same peer
   */
  void posted(boolean alone) {
    boolean virtual = Thread.currentThread().isVirtual();
    if (role != FREE) {
      engine.wakeIfSleeping();
    } else if (virtual) {
      LockSupport.unpark(background);
    } else if ((alone || isDue()) && tryTake()) {
      runOneRound();
    }
  }

  /**
   * Runs one round without waiting when nobody drives. The background thread makes way for who
   * polls.
   */
  void tryRound() {
    if (gate.tryEnter()) {
      try {
        if (tryTake()) {
          runOneRound();
        } else if (role == BACKGROUND) {
          polled = System.nanoTime();
          engine.wakeIfSleeping();
        }
      } finally {
        gate.leave();
      }
    }
  }

  /** The ring of operations is full: makes room, or waits briefly for whoever drives to make it. */
  void makeRoom() {
    if (Thread.currentThread().isVirtual()) {
      LockSupport.unpark(background);
      engine.wakeIfSleeping();
      LockSupport.parkNanos(this, CLAIM_POLL_NANOS);
    } else if (tryTake()) {
      runOneRound();
    } else {
      engine.wakeIfSleeping();
      LockSupport.parkNanos(this, CLAIM_POLL_NANOS);
    }
  }

  private boolean isDue() {
    return engine.operationsWaiting() >= COALESCE_OPERATIONS
        || System.nanoTime() - engine.lastRound() > COALESCE_NANOS;
  }

  private void runOneRound() {
    holds++;
    try {
      engine.round(0, 0);
    } finally {
      release();
    }
  }

  // ----------------------------------------------------------------------------------------------
  // waiting

  /**
   * Waits on a platform thread, driving whenever nobody else does, until {@code done} or the
   * deadline.
   *
   * @param park parks the current thread for at most so many nanoseconds, or less when {@code done}
   *     comes true
   * @throws HawserException (CANCELLED) when the thread is interrupted
   */
  void await(BooleanSupplier done, LongConsumer park, Deadline deadline) {
    if (!gate.tryEnter()) {
      return;
    }
    boolean queued = false;
    try {
      while (!done.getAsBoolean() && !deadline.passed()) {
        Deadline.checkInterrupt();
        if (claims.get() == 0 && tryTake()) {
          queued = leaveQueue(queued);
          drive(done, deadline);
        } else if (!queued) {
          // Try once more after queueing: whoever leaves from now on wakes a thread of the queue.
          queued = waiters.add(Thread.currentThread());
        } else {
          if (role == BACKGROUND) {
            engine.wake();
          }
          park.accept(Math.min(deadline.left(), SLICE_NANOS));
        }
      }
    } finally {
      leaveQueue(queued);
      handOver();
      gate.leave();
    }
  }

  /**
   * Waits for a condition, driving on a platform thread. Whoever makes it true unparks this thread.
   */
  void await(BooleanSupplier done, Deadline deadline) {
    LongConsumer park =
        nanos -> {
          if (!done.getAsBoolean()) {
            LockSupport.parkNanos(this, nanos);
          }
        };
    if (Thread.currentThread().isVirtual()) {
      awaitParked(done, park, deadline);
    } else {
      await(done, park, deadline);
    }
  }

  /** Waits on a virtual thread, which parks while others drive. */
  private void awaitParked(BooleanSupplier done, LongConsumer park, Deadline deadline) {
    wantedAsync();
    try {
      while (!done.getAsBoolean() && !deadline.passed()) {
        Deadline.checkInterrupt();
        park.accept(Math.min(deadline.left(), SLICE_NANOS));
      }
    } finally {
      unwantedAsync();
    }
  }

  /**
   * Somebody waits who cannot drive: the background thread does, at once when nobody else is at it.
   */
  void wantedAsync() {
    asyncWaits.getAndIncrement();
    if (role == FREE) {
      LockSupport.unpark(background);
    }
  }

  void unwantedAsync() {
    asyncWaits.getAndDecrement();
  }

  /**
   * Runs an action with the driver role. On a platform thread only.
   *
   * @throws HawserException CLOSED when the engine is closed; TIMEOUT when the role is not to be
   *     had
   */
  <T> T exclusively(Supplier<T> action, Deadline deadline) {
    gate.enter();
    try {
      claim(deadline);
      try {
        return action.get();
      } finally {
        release();
      }
    } finally {
      gate.leave();
    }
  }

  /**
   * While there is a claim nobody else takes the role, and whoever drives gives it up after the
   * present round.
   */
  private void claim(Deadline deadline) {
    claims.getAndIncrement();
    try {
      while (!tryTake()) {
        if (deadline.passed()) {
          throw new HawserException(
              ErrorCode.TIMEOUT, "the driver of the lanes did not answer in time");
        }
        engine.wake();
        LockSupport.parkNanos(this, CLAIM_POLL_NANOS);
      }
    } finally {
      claims.getAndDecrement();
    }
  }

  private boolean leaveQueue(boolean queued) {
    if (queued) {
      waiters.remove(Thread.currentThread());
    }
    return false;
  }

  // ----------------------------------------------------------------------------------------------
  // the role

  private boolean tryTake() {
    return role == FREE && ROLE.compareAndSet(this, FREE, FOREGROUND);
  }

  private void drive(BooleanSupplier done, Deadline deadline) {
    holds++;
    try {
      while (!done.getAsBoolean() && claims.get() == 0) {
        long left = deadline.left();
        if (left <= 0 || Thread.currentThread().isInterrupted()) {
          return;
        }
        blockingRound(left);
      }
    } finally {
      release();
    }
  }

  private void blockingRound(long left) {
    if (spins) {
      long slice = Math.min(left, SPIN_SLICE_NANOS);
      engine.round(slice, slice);
      return;
    }
    long before = System.nanoTime();
    engine.round(Math.min(left, SLICE_NANOS), budget.nanos());
    budget.waited(System.nanoTime() - before);
  }

  private void release() {
    engine.finishRound();
    ROLE.setVolatile(this, FREE);
    // A thread that posted since the last round, and saw the role taken, relies on the one who held
    // it.
    if (engine.operationsWaiting() > 0 && tryTake()) {
      engine.round(0, 0);
      ROLE.setVolatile(this, FREE);
    }
    handOver();
  }

  /** Nobody drives: wakes the one who should, if any. */
  private void handOver() {
    if (role != FREE) {
      return;
    }
    Thread next = waiters.peek();
    if (next != null) {
      LockSupport.unpark(next);
    } else if (asyncWaits.get() > 0 || resting) {
      LockSupport.unpark(background);
    }
  }

  // ----------------------------------------------------------------------------------------------
  // background

  private void runInBackground() {
    long seen = 0;
    int quiet = 0;
    while (!stopping) {
      if (isLeftAlone() && ROLE.compareAndSet(this, FREE, BACKGROUND)) {
        driveInBackground();
      }
      quiet = role == FOREGROUND && holds == seen ? quiet + 1 : 0;
      seen = holds;
      pause(quiet > QUIET_TICKS);
    }
  }

  private boolean isLeftAlone() {
    return role == FREE
        && !isWantedInForeground()
        && (asyncWaits.get() > 0 || System.nanoTime() - engine.lastRound() > IDLE_NANOS);
  }

  private boolean isWantedInForeground() {
    return !waiters.isEmpty() || claims.get() > 0 || System.nanoTime() - polled < IDLE_NANOS;
  }

  private void driveInBackground() {
    try {
      while (!stopping && !isWantedInForeground()) {
        engine.round(SLICE_NANOS * 10, 0);
      }
    } finally {
      release();
    }
  }

  /**
   * While one foreground thread sleeps on and on in the role, looking in often would only cost; it
   * wakes us as it leaves.
   */
  private void pause(boolean rest) {
    if (!rest) {
      LockSupport.parkNanos(this, TICK_NANOS);
      return;
    }
    resting = true;
    if (role == FOREGROUND) {
      LockSupport.parkNanos(this, SLICE_NANOS);
    }
    resting = false;
  }

  /**
   * Stops driving for good. Every transfer has ended. Waits for threads that are still on their way
   * out.
   */
  void close() {
    gate.shut();
    engine.wake();
    gate.awaitEmpty();
    stopping = true;
    engine.wake();
    LockSupport.unpark(background);
    boolean interrupted = false;
    while (background.isAlive()) {
      try {
        background.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    engine.close();
  }
}
