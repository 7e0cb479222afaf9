package org.hawser.comm;

import java.lang.foreign.MemorySegment;

/** A message that arrived in an envelope, in a block of a pool. */
final class BlockMessage extends Arrival {
  private Blocks.Block block;
  private final MemorySegment payload;

  BlockMessage(Blocks.Block block, long at, long bytes) {
    this.block = block;
    this.payload = block.memory.asSlice(at, bytes).asReadOnly();
  }

  @Override
  public long address() {
    return payload.address();
  }

  @Override
  public long bytes() {
    return payload.byteSize();
  }

  @Override
  public MemorySegment segment() {
    return payload;
  }

  @Override
  public void close() {
    if (block != null) {
      block.giveBack();
      block = null;
    }
  }

  @Override
  protected void begin() {
    throw new IllegalStateException("it is there already");
  }
}
