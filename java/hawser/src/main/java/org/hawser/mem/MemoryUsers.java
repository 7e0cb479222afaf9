package org.hawser.mem;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Who may touch memory, process-wide, and the pages that wait until nobody may.
 *
 * <p>The protocol that keeps a closing buffer and a starting transfer apart: a user first makes the
 * use known, then checks that the segment is alive; a buffer first ends the segment's life, then
 * asks the users. With a full fence between the two steps of each, at least one of them sees the
 * other.
 */
public final class MemoryUsers {
  private static final List<MemoryUser> USERS = new CopyOnWriteArrayList<>();
  private static final Queue<Pages> DEFERRED = new ConcurrentLinkedQueue<>();

  private record Pages(long address, long bytes, Runnable free) {
    boolean inUse() {
      return USERS.stream().anyMatch(user -> user.uses(address, bytes));
    }
  }

  private MemoryUsers() {}

  /** From now on the user is asked before pages are given back. */
  public static void add(MemoryUser user) {
    USERS.add(user);
  }

  /** The user touches no memory any more. */
  public static void remove(MemoryUser user) {
    USERS.remove(user);
    released();
  }

  /**
   * A user is done with some memory: gives back the pages that waited for it. The caller has made
   * that known with a full fence. Costs one read while no pages wait.
   */
  public static void released() {
    if (DEFERRED.isEmpty()) {
      return;
    }
    for (Pages pages : DEFERRED) {
      // Removing decides who unmaps: two threads may find the same pages unused.
      if (!pages.inUse() && DEFERRED.remove(pages)) {
        pages.free().run();
      }
    }
  }

  /** Frees pages, now or once no user touches them. Their segment is no longer alive. */
  static void free(long address, long bytes, Runnable free) {
    // Queued before asking: a user that ends in between either is seen to have ended, or finds the
    // pages here.
    DEFERRED.add(new Pages(address, bytes, free));
    released();
  }
}
