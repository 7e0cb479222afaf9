package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import org.hawser.HawserException;
import org.hawser.ffi.NativeMemory;

/**
 * A message between threads: the sender's own memory, which is the sender's again when the receiver
 * closes the message. Used again by its pool.
 */
final class HandedMessage extends Arrival {
  private final Pool pool;
  private HandedMessage below;
  private long address;
  private long bytes;
  private Completion completion;
  private long context;

  private HandedMessage(Pool pool) {
    this.pool = pool;
  }

  /** Messages that nobody uses. Any thread may take and give back. */
  static final class Pool {
    private HandedMessage top;

    HandedMessage take(long address, long bytes, Completion completion, long context) {
      HandedMessage message = pop();
      message.address = address;
      message.bytes = bytes;
      message.completion = completion;
      message.context = context;
      return message;
    }

    private synchronized HandedMessage pop() {
      HandedMessage message = top;
      if (message == null) {
        return new HandedMessage(this);
      }
      top = message.below;
      return message;
    }

    private synchronized void push(HandedMessage message) {
      message.below = top;
      top = message;
    }
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public MemorySegment segment() {
    return NativeMemory.at(address, bytes).asReadOnly();
  }

  @Override
  public void close() {
    end(null);
  }

  @Override
  protected void dropped(HawserException reason) {
    end(reason);
  }

  private void end(HawserException failure) {
    Completion told = completion;
    if (told == null) {
      return; // closed twice
    }
    long with = context;
    completion = null;
    pool.push(this);
    told.ended(with, failure);
  }

  @Override
  protected void begin() {
    throw new IllegalStateException("it is there already");
  }
}
