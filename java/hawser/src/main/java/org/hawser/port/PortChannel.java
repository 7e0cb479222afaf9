package org.hawser.port;

import java.time.Duration;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Platform;
import org.hawser.ffi.NativeCuda;
import org.hawser.ffi.NativePortChannel;

/**
 * A semaphore and two memories under one name: puts bytes into the peer's memory and signals that
 * they are there. Made by {@link ProxyService#portChannel}.
 *
 * <p>Puts and signals return as soon as they are posted; the source must stay as it is until a
 * flush. When the proxy's FIFO is full they wait for room, {@link PortContext#TIMEOUT} at most:
 * nothing is lost. Where the proxy is idle the calling thread serves small triggers itself. A
 * failure is thrown by the operation that meets it and by those that follow; it names the peer's
 * rank, and for bytes out of bounds or memory that is freed, both memories.
 *
 * <p>Any thread may put, signal and flush, many at once; one thread at a time waits.
 */
public final class PortChannel extends PortObject {
  private static final int PUT = NativePortChannel.PUT;
  private static final int SIGNAL = NativePortChannel.SIGNAL;

  private final Semaphore semaphore;
  private final NativePortChannel channel;

  PortChannel(ProxyService proxy, Semaphore semaphore, NativePortChannel channel) {
    super("this channel on " + semaphore.connection(), () -> {}, proxy);
    this.semaphore = semaphore;
    this.channel = channel;
  }

  public Semaphore semaphore() {
    return semaphore;
  }

  /** Starts to put bytes into the peer's memory. */
  public void put(long destinationOffset, long sourceOffset, long bytes) {
    post(PUT, destinationOffset, sourceOffset, bytes);
  }

  /** Signals the peer, behind all that was put before on this channel's connection. */
  public void signal() {
    post(SIGNAL, 0, 0, 0);
  }

  /** {@link #put} and {@link #signal} in one operation. */
  public void putWithSignal(long destinationOffset, long sourceOffset, long bytes) {
    post(PUT | SIGNAL, destinationOffset, sourceOffset, bytes);
  }

  /**
   * {@link #putWithSignal} and {@link #flush} in one operation: when it returns, the source may be
   * changed.
   */
  public void putWithSignalAndFlush(
      long destinationOffset, long sourceOffset, long bytes, Duration timeout) {
    flush(PUT | SIGNAL, destinationOffset, sourceOffset, bytes, timeout);
  }

  /**
   * Waits until all that was posted before is in the peer's memory.
   *
   * @throws HawserException TIMEOUT; CANCELLED when the thread is interrupted; else what the
   *     connection failed with
   */
  public void flush(Duration timeout) {
    flush(0, 0, 0, 0, timeout);
  }

  /**
   * Waits for the peer's next signal, and takes it: {@link Semaphore#awaitSignal}. (The seed's
   * {@code wait}, a name that Java has taken.)
   */
  public void awaitSignal(Duration timeout) {
    semaphore.await(this, timeout);
  }

  /** Takes the peer's next signal if it is there: {@link Semaphore#poll}. */
  public boolean poll() {
    enter();
    try {
      return semaphore.pollEntered();
    } finally {
      leave();
    }
  }

  /**
   * Runs the bidirectional example's kernel on a GPU: over and over, it signals, waits for the
   * peer's signal, puts with a signal, and waits for the peer's. Rank r puts the bytes from {@code
   * r * bytes} on. The peer does the same at the same time. Its signals go to kernels or to the
   * host, not to both by turns.
   *
   * @param rank 0 or 1
   * @return how long the kernel ran
   * @throws HawserException TIMEOUT; UNSUPPORTED where there is no such GPU; else what the
   *     connection failed with
   */
  public Duration runBidirectionalKernel(
      int gpu, int rank, long bytes, int iterations, Duration timeout) {
    var deadline = Deadline.in(timeout);
    enter();
    try {
      return Duration.ofNanos(
          Platform.call(
              () ->
                  NativeCuda.bidirectionalPut(
                      gpu, channel.onDevice(gpu), rank, bytes, iterations, deadline.leftOrZero())));
    } finally {
      leave();
    }
  }

  private void post(int kind, long destinationOffset, long sourceOffset, long bytes) {
    enter();
    try {
      if (!channel.post(kind, destinationOffset, sourceOffset, bytes)) {
        Waits.retry(
            () -> channel.post(kind, destinationOffset, sourceOffset, bytes),
            this,
            Deadline.in(PortContext.TIMEOUT),
            this::fifoFull);
      }
    } finally {
      leave();
    }
  }

  private void flush(
      int kind, long destinationOffset, long sourceOffset, long bytes, Duration timeout) {
    var deadline = Deadline.in(timeout);
    enter();
    try {
      long[] position = new long[1];
      Waits.retry(
          () -> channel.postFlush(kind, destinationOffset, sourceOffset, bytes, position),
          this,
          deadline,
          this::fifoFull);
      Waits.await(
          nanos -> channel.flushed(position[0], nanos),
          this,
          deadline,
          () -> this + " was not flushed");
    } finally {
      leave();
    }
  }

  private String fifoFull() {
    return "the proxy's FIFO had no room for "
        + this
        + "; is the proxy started?: nothing was posted";
  }
}
