package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.hawser.ffi.Layouts;

/**
 * The producers' side of an engine's operations: a bounded ring for many producers after Vyukov, as
 * {@code hawser_op} tells. Any thread may offer; the engine consumes.
 */
final class OpRing {
  static final int SEND = 1;
  static final int RECEIVE = 2;
  static final int CANCEL = 3;

  private static final long TAIL = Layouts.offset(Layouts.ENGINE_SHARED, "op_tail");
  private static final long HEAD = Layouts.offset(Layouts.ENGINE_SHARED, "op_head");
  private static final long CAPACITY = Layouts.offset(Layouts.ENGINE_SHARED, "op_capacity");
  private static final long OPS = Layouts.offset(Layouts.ENGINE_SHARED, "ops_offset");

  private static final long SLOT_BYTES = Layouts.OP.byteSize();
  private static final long SEQUENCE = Layouts.offset(Layouts.OP, "sequence");
  private static final long KIND = Layouts.offset(Layouts.OP, "kind");
  private static final long LINK = Layouts.offset(Layouts.OP, "link");
  private static final long ID = Layouts.offset(Layouts.OP, "id");
  private static final long TAG = Layouts.offset(Layouts.OP, "tag");
  private static final long ADDRESS = Layouts.offset(Layouts.OP, "address");
  private static final long BYTES = Layouts.offset(Layouts.OP, "bytes");
  private static final long MEMORY = Layouts.offset(Layouts.OP, "memory");

  private final MemorySegment engine;
  private final long slots;
  private final long mask;

  /**
   * @param engine a {@code hawser_engine_shared}
   */
  OpRing(MemorySegment engine) {
    this.engine = engine;
    this.slots = engine.get(JAVA_LONG, OPS);
    this.mask = engine.get(JAVA_INT, CAPACITY) - 1L;
  }

  /** Posts an operation; false when the ring is full, and nothing has been posted. */
  boolean offer(int kind, int link, long id, long tag, long address, long bytes, long memory) {
    long position = Words.opaque(engine, TAIL);
    long slot;
    while (true) {
      slot = slots + (position & mask) * SLOT_BYTES;
      // Acquire: the slot is only written once the consumer's reads of its last content are done.
      long ahead = Words.acquire(engine, slot + SEQUENCE) - position;
      if (ahead < 0) {
        return false;
      }
      if (ahead == 0 && Words.compareAndSet(engine, TAIL, position, position + 1)) {
        break;
      }
      position = Words.opaque(engine, TAIL);
    }
    Words.setPlain(engine, slot + KIND, kind);
    Words.setPlain(engine, slot + LINK, link);
    Words.setPlain(engine, slot + ID, id);
    Words.setPlain(engine, slot + TAG, tag);
    Words.setPlain(engine, slot + ADDRESS, address);
    Words.setPlain(engine, slot + BYTES, bytes);
    Words.setPlain(engine, slot + MEMORY, memory);
    // Release: who sees the sequence sees the content.
    Words.setRelease(engine, slot + SEQUENCE, position + 1);
    return true;
  }

  /** Operations posted, or being posted, that the engine has not taken. */
  long waiting() {
    long head = Words.opaque(engine, HEAD);
    return Words.opaque(engine, TAIL) - head;
  }
}
