package org.hawser.base;

import java.lang.foreign.MemorySegment;

/**
 * The producers' side of a bounded ring for many producers after Vyukov, as {@code hawser_op}
 * tells. Slots begin with their sequence. Any thread may claim; it writes the slot's content and
 * publishes it.
 */
public final class ProducerRing {
  private final MemorySegment memory;
  private final long tail;
  private final long slots;
  private final long slotBytes;
  private final long mask;

  /**
   * @param tail where the producers' cursor lies in the memory
   * @param slots where the first slot lies
   * @param capacity slots, a power of two
   */
  public ProducerRing(MemorySegment memory, long tail, long slots, long slotBytes, long capacity) {
    this.memory = memory;
    this.tail = tail;
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.mask = capacity - 1;
  }

  /** A slot to write, by its offset in the memory, or -1 when the ring is full. */
  public long claim() {
    long position = Words.opaque(memory, tail);
    while (true) {
      long slot = slots + (position & mask) * slotBytes;
      // Acquire: the slot is only written once the consumer's reads of its last content are done.
      long ahead = Words.acquire(memory, slot) - position;
      if (ahead < 0) {
        return -1;
      }
      if (ahead == 0 && Words.compareAndSet(memory, tail, position, position + 1)) {
        return slot;
      }
      position = Words.opaque(memory, tail);
    }
  }

  /** Hands a claimed slot over to the consumer. */
  public void publish(long slot) {
    // Until now the sequence is the claimed position, which nobody else writes. Release: who sees
    // the sequence sees the content.
    Words.setRelease(memory, slot, Words.plain(memory, slot) + 1);
  }
}
