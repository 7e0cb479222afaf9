package org.hawser.port;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.NativePortConnection;
import org.hawser.ffi.PortLayouts;

/**
 * An ordered way into a peer's memories. What is put through it arrives in the order in which it
 * was put, as far as signals tell: who sees a signal sees every byte of every put before it.
 * Connections know nothing of each other's order.
 *
 * <p>Its own {@link #put}, {@link #signal} and {@link #flush} are for proxies of one's own; others
 * use a {@link PortChannel}. Closing it wakes whoever waits on it, here and at the peer, and drops
 * what is queued: flush, and agree with the peer, before.
 */
public final class Connection extends PortObject {
  private static final long STATE = Layouts.offset(PortLayouts.CONNECTION, "state");
  private static final long PUTS = Layouts.offset(PortLayouts.CONNECTION, "puts");
  private static final long SIGNALS = Layouts.offset(PortLayouts.CONNECTION, "signals");
  private static final long BYTES = Layouts.offset(PortLayouts.CONNECTION, "bytes");

  private final Transport transport;
  private final int peerRank;
  private final NativePortConnection connection;
  private final MemorySegment shared;
  private final CountDownLatch shut = new CountDownLatch(1);

  Connection(PortContext context, Transport transport, NativePortConnection connection) {
    super(
        "this connection to %s over %s".formatted(rankName(connection.peer()), transport),
        connection::close,
        context);
    this.transport = transport;
    this.peerRank = connection.peer();
    this.connection = connection;
    this.shared = connection.memory();
  }

  private static String rankName(int rank) {
    return rank < 0 ? "a peer without a rank" : "rank " + rank;
  }

  public Transport transport() {
    return transport;
  }

  /** The peer's, -1 when it has none. */
  public int peerRank() {
    return peerRank;
  }

  /** What has been handed to the transport so far. */
  public record Statistics(long puts, long signals, long bytes) {}

  public Statistics statistics() {
    enter();
    try {
      return new Statistics(
          Words.opaque(shared, PUTS), Words.opaque(shared, SIGNALS), Words.opaque(shared, BYTES));
    } finally {
      leave();
    }
  }

  /**
   * A semaphore on this connection; its {@link Semaphore#serialize bytes} are exchanged with the
   * peer's, and it is {@link Semaphore#join joined}.
   */
  public Semaphore semaphore() {
    return Semaphore.open(this, false);
  }

  /**
   * As {@link #semaphore()}, in the memory of the connection's GPU: kernels wait on it, by a {@link
   * PortChannel}, and the host cannot. Kernels can wait on semaphores of the host too, more slowly.
   *
   * @throws HawserException UNSUPPORTED over any other transport than {@link Transport#CUDA_IPC}
   */
  public Semaphore deviceSemaphore() {
    return Semaphore.open(this, true);
  }

  /**
   * Starts to put bytes of a memory of this process into a peer's. Never blocks; the source must
   * stay as it is until a {@link #flush}.
   *
   * @return false when too much is queued: try again
   * @throws HawserException INVALID_ARGUMENT for bytes out of bounds, a memory that is freed or not
   *     for this transport, naming both memories; else what the connection failed with
   */
  public boolean put(
      RegisteredMemory destination,
      long destinationOffset,
      RegisteredMemory source,
      long sourceOffset,
      long bytes) {
    enter();
    try {
      destination.enter();
      try {
        source.enter();
        try {
          return connection.put(
              destination.memory(), destinationOffset, source.memory(), sourceOffset, bytes);
        } finally {
          source.leave();
        }
      } finally {
        destination.leave();
      }
    } finally {
      leave();
    }
  }

  /**
   * Signals the peer's end of a semaphore, behind all that was put before. Never blocks.
   *
   * @return false when too much is queued: try again
   */
  public boolean signal(Semaphore semaphore) {
    enter();
    try {
      semaphore.enter();
      try {
        return connection.signal(semaphore.semaphore());
      } finally {
        semaphore.leave();
      }
    } finally {
      leave();
    }
  }

  /**
   * Waits until all that was put before is in the peer's memory.
   *
   * @throws HawserException TIMEOUT, CANCELLED when the thread is interrupted, or what the
   *     connection failed with
   */
  public void flush(Duration timeout) {
    enter();
    try {
      Waits.await(connection::flush, this, Deadline.in(timeout), () -> this + " was not flushed");
    } finally {
      leave();
    }
  }

  /**
   * @throws HawserException what the connection failed with, when it has
   */
  void requireOpen() {
    if (Words.acquireInt(shared, STATE) != PortLayouts.OPEN) {
      throw connection.error();
    }
  }

  /** The native object may stay for a while: a proxy that knows its semaphores keeps it. */
  @Override
  void ending() {
    connection.shut();
    shut.countDown();
  }

  /** Waits until it was closed, however long that takes: then it reads no memory any more. */
  void awaitShut() {
    boolean interrupted = false;
    while (true) {
      try {
        shut.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  NativePortConnection connection() {
    return connection;
  }
}
