package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.hawser.base.ProducerRing;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;

/**
 * The producers' side of an engine's operations: a bounded ring for many producers. Any thread may
 * offer; the engine consumes.
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
  private static final long KIND = Layouts.offset(Layouts.OP, "kind");
  private static final long LINK = Layouts.offset(Layouts.OP, "link");
  private static final long ID = Layouts.offset(Layouts.OP, "id");
  private static final long TAG = Layouts.offset(Layouts.OP, "tag");
  private static final long ADDRESS = Layouts.offset(Layouts.OP, "address");
  private static final long BYTES = Layouts.offset(Layouts.OP, "bytes");
  private static final long MEMORY = Layouts.offset(Layouts.OP, "memory");

  private final MemorySegment engine;
  private final ProducerRing ring;

  /**
   * @param engine a {@code hawser_engine_shared}
   */
  OpRing(MemorySegment engine) {
    this.engine = engine;
    this.ring =
        new ProducerRing(
            engine, TAIL, engine.get(JAVA_LONG, OPS), SLOT_BYTES, engine.get(JAVA_INT, CAPACITY));
  }

  /** Posts an operation; false when the ring is full, and nothing has been posted. */
  boolean offer(int kind, int link, long id, long tag, long address, long bytes, long memory) {
    long slot = ring.claim();
    if (slot < 0) {
      return false;
    }
    Words.setPlain(engine, slot + KIND, kind);
    Words.setPlain(engine, slot + LINK, link);
    Words.setPlain(engine, slot + ID, id);
    Words.setPlain(engine, slot + TAG, tag);
    Words.setPlain(engine, slot + ADDRESS, address);
    Words.setPlain(engine, slot + BYTES, bytes);
    Words.setPlain(engine, slot + MEMORY, memory);
    ring.publish(slot);
    return true;
  }

  /** Operations posted, or being posted, that the engine has not taken. */
  long waiting() {
    // Acquire: of the sends that were taken the link's count of what is unacknowledged is seen.
    long head = Words.acquire(engine, HEAD);
    return Words.opaque(engine, TAIL) - head;
  }
}
