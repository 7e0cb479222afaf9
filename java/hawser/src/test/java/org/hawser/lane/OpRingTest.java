package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rings, against a consumer and a producer written from the header, as the engine's are. */
@Timeout(60)
class OpRingTest {
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  private MemorySegment engine(int opCapacity, int eventCapacity) {
    long ops = Layouts.ENGINE_SHARED.byteSize();
    long events = ops + opCapacity * Layouts.OP.byteSize();
    MemorySegment engine = arena.allocate(events + eventCapacity * Layouts.EVENT.byteSize(), 64);
    engine.set(JAVA_INT, Layouts.offset(Layouts.ENGINE_SHARED, "op_capacity"), opCapacity);
    engine.set(JAVA_INT, Layouts.offset(Layouts.ENGINE_SHARED, "event_capacity"), eventCapacity);
    engine.set(JAVA_LONG, Layouts.offset(Layouts.ENGINE_SHARED, "ops_offset"), ops);
    engine.set(JAVA_LONG, Layouts.offset(Layouts.ENGINE_SHARED, "events_offset"), events);
    for (long slot = 0; slot < opCapacity; slot++) {
      Words.setPlain(engine, ops + slot * Layouts.OP.byteSize(), slot);
    }
    return engine;
  }

  /** The engine's side of the operations. */
  private static final class Consumer {
    private final MemorySegment engine;
    private final long capacity;
    private final long ops;
    private long head;

    Consumer(MemorySegment engine) {
      this.engine = engine;
      this.capacity = engine.get(JAVA_INT, Layouts.offset(Layouts.ENGINE_SHARED, "op_capacity"));
      this.ops = engine.get(JAVA_LONG, Layouts.offset(Layouts.ENGINE_SHARED, "ops_offset"));
    }

    /** The next operation's id, or -1; every other field must belong to it. */
    long take() {
      long slot = ops + head % capacity * Layouts.OP.byteSize();
      if (Words.acquire(engine, slot) != head + 1) {
        return -1;
      }
      long id = field(slot, "id");
      assertEquals(id * 3, field(slot, "tag"), "torn");
      assertEquals(id * 5, field(slot, "address"), "torn");
      assertEquals(id * 7, field(slot, "bytes"), "torn");
      Words.setRelease(engine, slot, head + capacity);
      head++;
      Words.setRelease(engine, Layouts.offset(Layouts.ENGINE_SHARED, "op_head"), head);
      return id;
    }

    private long field(long slot, String name) {
      return Words.plain(engine, slot + Layouts.offset(Layouts.OP, name));
    }
  }

  private static boolean offer(OpRing ring, long id) {
    return ring.offer(OpRing.SEND, 1, id, id * 3, id * 5, id * 7, 0);
  }

  @Test
  void aFullRingRefusesAndAnEmptyOneGivesNothing() {
    MemorySegment engine = engine(4, 4);
    var ring = new OpRing(engine);
    var consumer = new Consumer(engine);
    assertEquals(-1, consumer.take());
    for (int lap = 0; lap < 3; lap++) {
      for (long id = 1; id <= 4; id++) {
        assertTrue(offer(ring, id));
      }
      assertEquals(4, ring.waiting());
      assertFalse(offer(ring, 5));
      for (long id = 1; id <= 4; id++) {
        assertEquals(id, consumer.take());
      }
      assertEquals(0, ring.waiting());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8, 1024})
  void manyProducersLoseAndRepeatNothing(int capacity) throws Exception {
    int producers = 4;
    long each = 30_000;
    MemorySegment engine = engine(capacity, 4);
    var ring = new OpRing(engine);
    var failure = new AtomicReference<Throwable>();
    List<Thread> threads = new ArrayList<>();
    for (int producer = 0; producer < producers; producer++) {
      long first = producer * each;
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((thread, e) -> failure.set(e))
              .start(() -> produce(ring, first, each)));
    }
    var consumer = new Consumer(engine);
    long[] next = new long[producers];
    for (long taken = 0; taken < producers * each; ) {
      long id = consumer.take();
      if (id < 0) {
        Thread.yield();
        assertEquals(null, failure.get());
        continue;
      }
      int producer = (int) (id / each);
      assertEquals(next[producer]++, id % each, "out of order, lost or repeated");
      taken++;
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(-1, consumer.take());
  }

  private static void produce(OpRing ring, long first, long count) {
    for (long id = first; id < first + count; ) {
      if (offer(ring, id)) {
        id++;
      } else {
        Thread.yield();
      }
    }
  }

  @Test
  void eventsArriveInOrderAcrossTheRingsEnd() throws Exception {
    long count = 50_000;
    MemorySegment engine = engine(4, 64);
    long slots = engine.get(JAVA_LONG, Layouts.offset(Layouts.ENGINE_SHARED, "events_offset"));
    long tail = Layouts.offset(Layouts.ENGINE_SHARED, "event_tail");
    long head = Layouts.offset(Layouts.ENGINE_SHARED, "event_head");
    var producer =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (long at = 0; at < count; at++) {
                    while (at - Words.acquire(engine, head) == 64) {
                      Thread.yield();
                    }
                    long slot = slots + at % 64 * Layouts.EVENT.byteSize();
                    Words.setPlain(engine, slot, at);
                    Words.setPlain(engine, slot + Layouts.offset(Layouts.EVENT, "bytes"), at * 3);
                    Words.setRelease(engine, tail, at + 1);
                  }
                });
    var ring = new EventRing(engine);
    long[] seen = new long[1];
    while (seen[0] < count) {
      ring.drain(
          (kind, id, code, link, lane, bytes, offset) -> {
            assertEquals(seen[0]++, id);
            assertEquals(id * 3, bytes);
          });
      Thread.yield();
    }
    producer.join();
  }
}
