package org.hawser.comm;

import java.lang.foreign.MemorySegment;
import org.hawser.mem.Buffer;

/** A message that was copied from its sender's memory, in the same process. */
final class CopiedMessage extends Arrival {
  private final LargeBuffers buffers;
  private final Buffer buffer;
  private final long bytes;

  CopiedMessage(MemorySegment payload, LargeBuffers buffers) {
    this.buffers = buffers;
    this.bytes = payload.byteSize();
    this.buffer = buffers.take(Math.max(1, bytes));
    MemorySegment.copy(payload, 0, buffer.segment(), 0, bytes);
  }

  @Override
  public long address() {
    return buffer.segment().address();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public MemorySegment segment() {
    return buffer.segment().asSlice(0, bytes).asReadOnly();
  }

  @Override
  public void close() {
    buffers.giveBack(buffer);
  }

  @Override
  protected void begin() {
    throw new IllegalStateException("it is there already");
  }
}
