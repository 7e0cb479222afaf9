package org.hawser.port;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hawser.HawserException;

/**
 * A native object with the objects that it was made from, which it keeps alive, and those that were
 * made from it, which end with it.
 */
abstract sealed class PortObject implements AutoCloseable
    permits PortContext,
        Endpoint,
        Connection,
        RegisteredMemory,
        Semaphore,
        ProxyService,
        PortChannel {
  private final Lease lease;
  private final List<PortObject> parents;
  private final Set<PortObject> children = ConcurrentHashMap.newKeySet();

  /**
   * @param what it is, for messages
   * @param free frees the native object
   * @param parents which the caller has entered
   */
  PortObject(String what, Runnable free, PortObject... parents) {
    this.parents = List.of(parents);
    this.lease = new Lease(what, () -> end(free));
    this.parents.forEach(parent -> parent.lease.enterAgain());
  }

  private void end(Runnable free) {
    free.run();
    parents.forEach(parent -> parent.lease.leave());
  }

  /**
   * Makes it known to its parents, as the last step of its making.
   *
   * @throws HawserException (CLOSED) when one of them was closed meanwhile
   */
  final void announce() {
    parents.forEach(parent -> parent.children.add(this));
    for (PortObject parent : parents) {
      // Known before it is looked at: a parent that closes from now on closes this.
      if (parent.isClosed()) {
        close();
        throw parent.closed();
      }
    }
  }

  /** Keeps the native object while the caller works with it; it must {@link #leave}. */
  final void enter() {
    lease.enter();
  }

  final void leave() {
    lease.leave();
  }

  /** For those who have entered: keeps the native object until one more {@link #leave}. */
  final void enterAgain() {
    lease.enterAgain();
  }

  final boolean isClosed() {
    return lease.isShut();
  }

  final HawserException closed() {
    return lease.closed();
  }

  /** For those who are inside: whether it was closed meanwhile. */
  final void requireNotClosed() {
    if (isClosed()) {
      throw closed();
    }
  }

  /** What was made from it, is of that type and is not closed. */
  final <T extends PortObject> List<T> children(Class<T> type) {
    return children.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** What is done at close, before what was made from it is closed and the native object goes. */
  void ending() {}

  /** Does nothing when it is closed already. */
  @Override
  public void close() {
    if (!lease.tryEnter()) {
      return;
    }
    try {
      if (lease.shut()) {
        ending();
        children.forEach(PortObject::close);
        parents.forEach(parent -> parent.children.remove(this));
      }
    } finally {
      lease.leave();
    }
  }

  @Override
  public String toString() {
    return lease.toString();
  }
}
