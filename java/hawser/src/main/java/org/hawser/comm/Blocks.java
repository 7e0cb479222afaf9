package org.hawser.comm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.hawser.lane.Transfer;
import org.hawser.lane.TransferListener;

/**
 * A pool of equal blocks of native memory. Any thread may take and give back; the block given back
 * last is taken first, since the cache may still hold it. The memory goes when nobody reaches the
 * pool or a block of it any more.
 */
final class Blocks {
  /** Blocks are made so many bytes at a time. */
  private static final long SLAB_BYTES = 1 << 20;

  private static final long ALIGNMENT = 4096;

  private final long blockBytes;
  private final ArrayDeque<Block> free = new ArrayDeque<>();

  Blocks(long blockBytes) {
    this.blockBytes = blockBytes;
  }

  /** A block; goes back to its pool when a transfer that it listens to has ended. */
  final class Block implements TransferListener {
    final MemorySegment memory;

    private Block(MemorySegment memory) {
      this.memory = memory;
    }

    void giveBack() {
      synchronized (free) {
        free.push(this);
      }
    }

    @Override
    public void ended(Transfer transfer) {
      giveBack();
    }
  }

  Block take() {
    synchronized (free) {
      if (free.isEmpty()) {
        addSlab();
      }
      return free.pop();
    }
  }

  private void addSlab() {
    MemorySegment slab = Arena.ofAuto().allocate(SLAB_BYTES, ALIGNMENT);
    for (long at = 0; at < SLAB_BYTES; at += blockBytes) {
      free.push(new Block(slab.asSlice(at, blockBytes)));
    }
  }
}
