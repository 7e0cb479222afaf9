package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** A send under way. Keeps its segment reachable until it has ended. Any thread may ask it. */
public final class Sending implements Completion {
  private final Communicator communicator;
  private final int to;
  private final String key;
  private final MemorySegment segment;
  private volatile boolean done;
  private volatile Thread waiter;
  private HawserException failure;

  Sending(Communicator communicator, int to, String key, MemorySegment segment) {
    this.communicator = communicator;
    this.to = to;
    this.key = key;
    this.segment = segment;
  }

  @Override
  public void ended(long context, HawserException reason) {
    failure = reason;
    done = true;
    LockSupport.unpark(waiter);
  }

  /** Whether it has ended, well or not: its memory is the caller's again. */
  public boolean isDone() {
    return done;
  }

  /**
   * Waits until it has ended; one thread at a time.
   *
   * @throws HawserException TIMEOUT when it has not ended in time, and goes on; otherwise why it
   *     failed
   */
  public void await(Duration timeout) {
    waiter = Thread.currentThread();
    communicator.await(this::isDone, timeout.toNanos());
    waiter = null;
    if (!done) {
      throw failed(ErrorCode.TIMEOUT, "has not ended within " + timeout + "; it goes on", null);
    }
    if (failure != null) {
      throw failed(failure.code(), "failed: " + failure.getMessage(), failure);
    }
  }

  private HawserException failed(ErrorCode code, String how, HawserException cause) {
    return new HawserException(
        code,
        "rank %d: the send of %d bytes to rank %d under key %s %s"
            .formatted(communicator.rank(), segment.byteSize(), to, key, how),
        cause,
        to,
        -1,
        "",
        0);
  }
}
