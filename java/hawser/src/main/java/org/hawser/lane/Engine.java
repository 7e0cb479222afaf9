package org.hawser.lane;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.NativeEngine;
import org.hawser.mem.MemoryUsers;

/**
 * A native engine with all that Java keeps beside it: the transfers under way, the links, and what
 * each has to send.
 *
 * <p>Any thread may post. Everything marked driver needs the driver role, which orders all accesses
 * to the plain fields.
 */
final class Engine implements EventRing.Sink {
  private static final long SLEEPING = Layouts.offset(Layouts.ENGINE_SHARED, "sleeping");
  private static final long BROKEN_PAUSE_NANOS = 10_000_000;

  private final NativeEngine engine;
  final MemorySegment memory; // a hawser_engine_shared
  private final OpRing ops;
  private final EventRing events;
  private final TransferTable transfers = new TransferTable();
  private final Map<Integer, Link> links = new HashMap<>();
  private final List<Link> waiting = new ArrayList<>();
  // Posted by listeners while the ring was full: the thread that empties the ring cannot wait for
  // it.
  private final ArrayDeque<Transfer> overflow = new ArrayDeque<>();
  private volatile Thread telling;
  private boolean gaveChunks;
  private HawserException broken;
  // Written by the driver; others read it as a hint.
  private volatile long lastRound = System.nanoTime();

  Engine(NativeEngine engine) {
    this.engine = engine;
    this.memory = engine.memory();
    this.ops = new OpRing(memory);
    this.events = new EventRing(memory);
    MemoryUsers.add(transfers);
  }

  /** For connecting and listening, which any thread may do. */
  NativeEngine nativeEngine() {
    return engine;
  }

  // ----------------------------------------------------------------------------------------------
  // any thread

  /** Makes the transfer known, before it is posted; false when its memory is no longer alive. */
  boolean admit(Transfer transfer) {
    transfer.id = transfers.add(transfer);
    // Pairs with the fence before a closing buffer asks who uses it: see MemoryUsers.
    VarHandle.fullFence();
    if (transfer.isAlive()) {
      // From here on it keeps the registration from closing.
      transfer.registered =
          transfer.link.registrations().numberFor(transfer.address, transfer.length);
      return true;
    }
    dismiss(transfer);
    return false;
  }

  /** Undoes {@link #admit} for a transfer that could not be posted. */
  void dismiss(Transfer transfer) {
    transfers.remove(transfer.id);
    MemoryUsers.released();
  }

  /**
   * Posts a transfer that was admitted; false when the ring is full, which a listener never sees.
   */
  boolean offer(Transfer transfer) {
    if (telling != Thread.currentThread()) {
      return offerToRing(transfer);
    }
    if (!overflow.isEmpty() || !offerToRing(transfer)) {
      overflow.add(transfer);
    }
    return true;
  }

  private boolean offerToRing(Transfer transfer) {
    int kind = transfer.sends ? OpRing.SEND : OpRing.RECEIVE;
    Link link = transfer.link;
    return ops.offer(
        kind,
        link.id(),
        transfer.id,
        transfer.tag,
        transfer.address,
        transfer.length,
        transfer.registered);
  }

  /** Whether a transfer on the link that was admitted, and has not ended, touches the memory. */
  boolean isUsed(Link link, long address, long bytes) {
    return transfers.any(transfer -> transfer.link == link && transfer.touches(address, bytes));
  }

  /** Posts the wish to end a transfer early; false when the ring is full. */
  boolean offerCancel(Transfer transfer) {
    return ops.offer(OpRing.CANCEL, transfer.link.id(), transfer.id, 0, 0, 0, 0);
  }

  /** Operations that no round has taken yet. */
  long operationsWaiting() {
    return ops.waiting();
  }

  /** When the last round ended, on the clock of {@link System#nanoTime}. */
  long lastRound() {
    return lastRound;
  }

  /**
   * Ends the driver's sleep when it sleeps. Everything written before is seen by its next round.
   */
  void wakeIfSleeping() {
    // The operation must be visible before the flag is read: the driver raises the flag, then looks
    // at the ring.
    VarHandle.fullFence();
    if (Words.acquireInt(memory, SLEEPING) != 0) {
      engine.wake();
    }
  }

  /** Ends the driver's present or next sleep. */
  void wake() {
    engine.wake();
  }

  // ----------------------------------------------------------------------------------------------
  // driver

  /**
   * Driver. One round: the native half takes operations and moves bytes; what happened is told to
   * the transfers; lanes that have room get chunks. Blocks up to {@code timeoutNanos}, the first
   * {@code spinNanos} of it polling. Never throws: when the engine itself is broken, everything on
   * it has failed.
   */
  void round(long timeoutNanos, long spinNanos) {
    if (broken != null) {
      LockSupport.parkNanos(this, Math.min(timeoutNanos, BROKEN_PAUSE_NANOS));
      return;
    }
    try {
      engine.progress(timeoutNanos, spinNanos);
      drainEvents();
      scheduleChunks();
    } catch (HawserException e) {
      breakDown(e);
    } catch (RuntimeException e) {
      breakDown(new HawserException(ErrorCode.INTERNAL, "a round of the engine failed: " + e, e));
    }
    lastRound = System.nanoTime();
  }

  /**
   * Driver. Chunks given in the last round are only written in the next one: a driver that leaves
   * does it now.
   */
  void finishRound() {
    if (gaveChunks) {
      round(0, 0);
    }
  }

  /** Driver. From now on the link's events are handled. */
  void add(Link link) {
    links.put(link.id(), link);
  }

  /** Driver. Frees the native link; every transfer on it has ended when this returns. */
  void close(Link link, HawserException reason) {
    round(0, 0);
    waiting.remove(link);
    links.remove(link.id());
    link.closeNative();
    drainEvents();
    failTransfers(link, ErrorCode.CLOSED, reason);
  }

  /** The last call: nobody drives, and no link is left. */
  void close() {
    MemoryUsers.remove(transfers);
    engine.close();
  }

  @Override
  public void event(int kind, long id, int code, int link, int lane, long bytes, long offset) {
    switch (kind) {
      case EventRing.SEND_DONE, EventRing.RECEIVE_DONE -> ended(transfers.get(id), code, bytes);
      case EventRing.SEND_READY -> ready(transfers.get(id), offset);
      case EventRing.CHUNK_RETURNED -> returned(transfers.get(id), offset, bytes);
      default -> linkEvent(kind, links.get(link), lane, code, bytes);
    }
  }

  private void linkEvent(int kind, Link link, int lane, int code, long detail) {
    if (link == null) {
      return;
    }
    switch (kind) {
      case EventRing.LANE_LOST -> link.laneLost(lane);
      case EventRing.LANE_BACK -> link.laneBack(lane);
      case EventRing.LINK_FAILED -> link.failed();
      case EventRing.LINK_CLOSED -> link.closedByPeer();
      default ->
          throw new HawserException(
              ErrorCode.VERSION_MISMATCH,
              "the native library posted event %d (code %d, detail %d), which this module does not know"
                  .formatted(kind, code, detail));
    }
  }

  private void drainEvents() {
    while (!overflow.isEmpty() && offerToRing(overflow.peek())) {
      overflow.remove();
    }
    telling = Thread.currentThread();
    try {
      events.drain(this);
    } finally {
      telling = null;
    }
  }

  private void scheduleChunks() {
    gaveChunks = false;
    for (int i = waiting.size() - 1; i >= 0; i--) {
      Backlog backlog = waiting.get(i).backlog();
      gaveChunks |= backlog.schedule();
      if (backlog.isEmpty()) {
        waiting.remove(i);
      }
    }
  }

  private void ready(Transfer send, long chunkBytes) {
    if (send != null) {
      send.link.backlog().ready(send, chunkBytes);
      enlist(send.link);
    }
  }

  private void returned(Transfer send, long offset, long bytes) {
    if (send != null) {
      send.link.backlog().returned(send.id, offset, bytes);
      enlist(send.link);
    }
  }

  private void enlist(Link link) {
    if (!waiting.contains(link)) {
      waiting.add(link);
    }
  }

  private void ended(Transfer transfer, int code, long bytes) {
    if (transfer != null) {
      end(transfer, code, bytes, code == 0 ? null : transfer.link.failure(transfer, code, bytes));
    }
  }

  private void end(Transfer transfer, int code, long bytes, HawserException reason) {
    if (transfer.sends) {
      transfer.link.backlog().drop(transfer);
    }
    transfers.remove(transfer.id);
    MemoryUsers.released();
    transfer.complete(code, bytes, reason);
  }

  private void failTransfers(Link link, ErrorCode code, HawserException reason) {
    transfers.forEach(
        transfer -> {
          if (link == null || transfer.link == link) {
            end(transfer, -code.ordinal(), 0, reason);
          }
        });
  }

  private void breakDown(HawserException reason) {
    broken = reason;
    links.values().forEach(link -> link.failed(reason));
    failTransfers(null, reason.code(), reason);
  }
}
