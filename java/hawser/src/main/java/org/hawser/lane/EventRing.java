package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;

/**
 * The driver's side of an engine's events: one producer, the engine, and one consumer, whoever
 * holds the driver role.
 */
final class EventRing {
  static final int SEND_DONE = 1;
  static final int RECEIVE_DONE = 2;
  static final int SEND_READY = 3;
  static final int CHUNK_RETURNED = 4;
  static final int LANE_LOST = 5;
  static final int LANE_BACK = 6;
  static final int LINK_FAILED = 7;
  static final int LINK_CLOSED = 8;

  private static final long TAIL = Layouts.offset(Layouts.ENGINE_SHARED, "event_tail");
  private static final long HEAD = Layouts.offset(Layouts.ENGINE_SHARED, "event_head");
  private static final long CAPACITY = Layouts.offset(Layouts.ENGINE_SHARED, "event_capacity");
  private static final long EVENTS = Layouts.offset(Layouts.ENGINE_SHARED, "events_offset");

  private static final long SLOT_BYTES = Layouts.EVENT.byteSize();
  private static final long ID = Layouts.offset(Layouts.EVENT, "id");
  private static final long KIND = Layouts.offset(Layouts.EVENT, "kind");
  private static final long CODE = Layouts.offset(Layouts.EVENT, "code");
  private static final long LINK = Layouts.offset(Layouts.EVENT, "link");
  private static final long LANE = Layouts.offset(Layouts.EVENT, "lane");
  private static final long BYTES = Layouts.offset(Layouts.EVENT, "bytes");
  private static final long OFFSET = Layouts.offset(Layouts.EVENT, "offset");

  /** Takes events, in order. The fields that a kind does not use are not defined. */
  interface Sink {
    void event(int kind, long id, int code, int link, int lane, long bytes, long offset);
  }

  private final MemorySegment engine;
  private final long slots;
  private final long mask;
  // The consumer alone moves the head, so it knows it without reading.
  private long head;

  /**
   * @param engine a {@code hawser_engine_shared}
   */
  EventRing(MemorySegment engine) {
    this.engine = engine;
    this.slots = engine.get(JAVA_LONG, EVENTS);
    this.mask = engine.get(JAVA_INT, CAPACITY) - 1L;
    this.head = Words.plain(engine, HEAD);
  }

  /** Hands over every event that is there. */
  void drain(Sink sink) {
    // Acquire: events up to the tail are written.
    long tail = Words.acquire(engine, TAIL);
    while (head < tail) {
      long slot = slots + (head & mask) * SLOT_BYTES;
      head++;
      sink.event(
          engine.get(JAVA_INT, slot + KIND),
          Words.plain(engine, slot + ID),
          engine.get(JAVA_INT, slot + CODE),
          engine.get(JAVA_INT, slot + LINK),
          engine.get(JAVA_INT, slot + LANE),
          Words.plain(engine, slot + BYTES),
          Words.plain(engine, slot + OFFSET));
      // Release: the slot may be written again only after it was read.
      Words.setRelease(engine, HEAD, head);
    }
  }
}
