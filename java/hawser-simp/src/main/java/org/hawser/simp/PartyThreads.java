package org.hawser.simp;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads for parties: whoever is given a task gets a thread of its own at once, so that tasks may
 * wait for each other. A thread that is done looks out for the next task for about as long as a
 * wake-up takes, sleeps then, and ends when nobody needs it. Any thread may use it.
 */
final class PartyThreads implements AutoCloseable {
  private static final long SPIN_NANOS = 30_000;
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final Deque<Helper> idle = new ArrayDeque<>();
  private boolean closed;

  /** One thread, and what it is to run. */
  final class Helper implements Runnable {
    private final AtomicReference<Runnable> task;
    private final Thread thread;
    private volatile boolean sleeping;

    private Helper(Runnable first) {
      task = new AtomicReference<>(first);
      thread =
          Thread.ofPlatform()
              .daemon()
              .name("hawser-party-" + NUMBER.getAndIncrement())
              .unstarted(this);
    }

    private void give(Runnable next) {
      task.set(next);
      if (sleeping) {
        LockSupport.unpark(thread);
      }
    }

    /**
     * Takes a task back that the thread has not begun.
     *
     * @return whether it has not: the caller runs it
     */
    boolean takeBack(Runnable given) {
      if (task.get() != given || !task.compareAndSet(given, null)) {
        return false;
      }
      rest(this);
      return true;
    }

    @Override
    public void run() {
      while (awaitTask()) {
        Runnable next = task.getAndSet(null);
        if (next != null) {
          next.run();
          Thread.interrupted(); // What the task has left behind is not meant for the next one.
          rest(this);
        }
      }
    }

    /** False when the thread is to end. */
    private boolean awaitTask() {
      long begin = System.nanoTime();
      while (task.get() == null) {
        long waited = System.nanoTime() - begin;
        if (waited < SPIN_NANOS) {
          Thread.yield();
        } else if (waited < IDLE_NANOS && !isClosed()) {
          sleeping = true;
          if (task.get() == null) {
            LockSupport.parkNanos(this, IDLE_NANOS - waited);
          }
          sleeping = false;
        } else if (leave(this)) {
          return false;
        }
      }
      return true;
    }
  }

  /** Has another thread run a task, which does not throw. */
  Helper lend(Runnable task) {
    Helper helper;
    synchronized (this) {
      helper = idle.pollFirst();
    }
    if (helper == null) {
      helper = new Helper(task);
      helper.thread.start();
    } else {
      helper.give(task);
    }
    return helper;
  }

  private synchronized void rest(Helper helper) {
    idle.addFirst(helper);
  }

  /** Whether it was idle, so that nobody gives it a task any more. */
  private synchronized boolean leave(Helper helper) {
    return idle.remove(helper);
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Threads end as soon as they have nothing to do; they are not waited for. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.forEach(helper -> LockSupport.unpark(helper.thread));
  }
}
