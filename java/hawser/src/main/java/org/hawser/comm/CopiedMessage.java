package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import org.hawser.HawserException;
import org.hawser.ffi.NativeMemory;
import org.hawser.mem.Buffer;

/**
 * A message that is copied from its sender's memory, in the same process, once there is room for it
 * or somebody waits for it. The send has ended then.
 */
final class CopiedMessage extends Arrival {
  private final Mailbox mailbox;
  private final LargeBuffers buffers;
  private final long source;
  private final long bytes;
  private final Completion completion;
  private final long context;
  private Buffer copy;

  /**
   * @param mailbox that it is announced to
   * @param source where its bytes are until the completion is told
   */
  CopiedMessage(
      Mailbox mailbox,
      LargeBuffers buffers,
      long source,
      long bytes,
      Completion completion,
      long context) {
    this.mailbox = mailbox;
    this.buffers = buffers;
    this.source = source;
    this.bytes = bytes;
    this.completion = completion;
    this.context = context;
  }

  @Override
  protected void begin() {
    copy = buffers.take(Math.max(1, bytes));
    NativeMemory.copy(source, copy.segment().address(), bytes);
    completion.ended(context, null);
    mailbox.arrived(this);
  }

  @Override
  public long address() {
    return copy.segment().address();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public MemorySegment segment() {
    return copy.segment().asSlice(0, bytes).asReadOnly();
  }

  @Override
  public void close() {
    if (copy != null) {
      buffers.giveBack(copy);
      copy = null;
    }
  }

  @Override
  protected void dropped(HawserException reason) {
    if (copy == null) {
      completion.ended(context, reason);
    } else {
      close();
    }
  }
}
