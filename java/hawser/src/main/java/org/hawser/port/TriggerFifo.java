package org.hawser.port;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.hawser.base.ProducerRing;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.PortLayouts;

/**
 * A {@code hawser_fifo_shared} of Java's own: a bounded ring of many producers and one consumer.
 * Freed with this object.
 */
final class TriggerFifo {
  private static final long TAIL = Layouts.offset(PortLayouts.FIFO_SHARED, "tail");
  private static final long HEAD = Layouts.offset(PortLayouts.FIFO_SHARED, "head");
  private static final long TRIGGERS = PortLayouts.FIFO_SHARED.byteSize();

  private static final long SLOT_BYTES = PortLayouts.TRIGGER.byteSize();
  private static final long KIND = offset("kind");
  private static final long CHANNEL = offset("channel");
  private static final long DESTINATION = offset("destination");
  private static final long SOURCE = offset("source");
  private static final long DESTINATION_OFFSET = offset("destination_offset");
  private static final long SOURCE_OFFSET = offset("source_offset");
  private static final long BYTES = offset("bytes");

  private final MemorySegment memory;
  private final long capacity;
  private final ProducerRing ring;

  private static long offset(String field) {
    return Layouts.offset(PortLayouts.TRIGGER, field);
  }

  /**
   * @param size rounded up to a power of two
   */
  TriggerFifo(int size) {
    // With one slot a producer could not tell a full ring from an empty one.
    capacity = Math.max(2, Long.highestOneBit(2L * size - 1));
    memory = Arena.ofAuto().allocate(TRIGGERS + capacity * SLOT_BYTES, SLOT_BYTES);
    for (long slot = 0; slot < capacity; slot++) {
      Words.setPlain(memory, TRIGGERS + slot * SLOT_BYTES, slot);
    }
    ring = new ProducerRing(memory, TAIL, TRIGGERS, SLOT_BYTES, capacity);
  }

  long capacity() {
    return capacity;
  }

  /** Any thread; false when it is full, and nothing has been pushed. */
  boolean offer(Trigger trigger) {
    long slot = ring.claim();
    if (slot < 0) {
      return false;
    }
    Words.setPlain(memory, slot + KIND, trigger.kind());
    Words.setPlain(memory, slot + CHANNEL, trigger.channel());
    Words.setPlain(memory, slot + DESTINATION, trigger.destination());
    Words.setPlain(memory, slot + SOURCE, trigger.source());
    Words.setPlain(memory, slot + DESTINATION_OFFSET, trigger.destinationOffset());
    Words.setPlain(memory, slot + SOURCE_OFFSET, trigger.sourceOffset());
    Words.setPlain(memory, slot + BYTES, trigger.bytes());
    ring.publish(slot);
    return true;
  }

  /**
   * Consumer: reads the oldest trigger, which stays until {@link #pop}; false when there is none.
   */
  boolean peek(Trigger to) {
    long head = Words.plain(memory, HEAD);
    long slot = slot(head);
    // Acquire: who sees the sequence sees the content.
    if (Words.acquire(memory, slot) != head + 1) {
      return false;
    }
    to.set(
        Words.plainInt(memory, slot + KIND),
        Words.plainInt(memory, slot + CHANNEL),
        Words.plainInt(memory, slot + DESTINATION),
        Words.plainInt(memory, slot + SOURCE),
        Words.plain(memory, slot + DESTINATION_OFFSET),
        Words.plain(memory, slot + SOURCE_OFFSET),
        Words.plain(memory, slot + BYTES));
    return true;
  }

  /** Consumer, after {@link #peek}: the slot is the producers' again. */
  void pop() {
    long head = Words.plain(memory, HEAD);
    Words.setRelease(memory, slot(head), head + capacity);
    Words.setRelease(memory, HEAD, head + 1);
  }

  /** Consumer. */
  boolean isEmpty() {
    long head = Words.plain(memory, HEAD);
    return Words.acquire(memory, slot(head)) != head + 1;
  }

  private long slot(long position) {
    return TRIGGERS + (position & (capacity - 1)) * SLOT_BYTES;
  }
}
