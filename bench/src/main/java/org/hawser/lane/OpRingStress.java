package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJJ_Result;

/**
 * The ring of operations under concurrency: nothing is lost, repeated or torn. Two actors a test,
 * so that two cores suffice. Results: the two ids in the order taken, and 0 when every field
 * belonged to its id.
 */
public class OpRingStress {
  private static final int CAPACITY = 2;
  private static final long SLOTS = Layouts.ENGINE_SHARED.byteSize();
  private static final long SLOT_BYTES = Layouts.OP.byteSize();

  private final MemorySegment engine = Arena.ofAuto().allocate(SLOTS + CAPACITY * SLOT_BYTES, 64);
  private final OpRing ring;
  private final long[] seen = new long[CAPACITY];
  private int head;
  private long torn;

  OpRingStress() {
    engine.set(JAVA_INT, Layouts.offset(Layouts.ENGINE_SHARED, "op_capacity"), CAPACITY);
    engine.set(JAVA_LONG, Layouts.offset(Layouts.ENGINE_SHARED, "ops_offset"), SLOTS);
    for (long slot = 0; slot < CAPACITY; slot++) {
      Words.setPlain(engine, SLOTS + slot * SLOT_BYTES, slot);
    }
    ring = new OpRing(engine);
  }

  /** Two threads post at once. */
  @JCStressTest
  @Outcome(
      id = {"1, 2, 0", "2, 1, 0"},
      expect = Expect.ACCEPTABLE,
      desc = "both, once, whole")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, repeated or torn")
  @State
  public static class TwoProducers extends OpRingStress {
    @Actor
    public void first() {
      post(1);
    }

    @Actor
    public void second() {
      post(2);
    }

    @Arbiter
    public void takeAll(JJJ_Result result) {
      finish(result);
    }
  }

  /** One thread posts while the engine takes. */
  @JCStressTest
  @Outcome(id = "1, 2, 0", expect = Expect.ACCEPTABLE, desc = "both, once, whole, in order")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, repeated, torn or out of order")
  @State
  public static class ProducerAndConsumer extends OpRingStress {
    @Actor
    public void producer() {
      post(1);
      post(2);
    }

    @Actor
    public void consumer() {
      take();
      take();
    }

    /** Takes what the consumer came too early for. */
    @Arbiter
    public void takeRest(JJJ_Result result) {
      finish(result);
    }
  }

  void post(long id) {
    ring.offer(OpRing.SEND, 1, id, 3 * id, 5 * id, 7 * id, 0);
  }

  void take() {
    long slot = SLOTS + head % CAPACITY * SLOT_BYTES;
    if (head == CAPACITY || Words.acquire(engine, slot) != head + 1) {
      return;
    }
    long id = field(slot, "id");
    torn += Math.abs(field(slot, "tag") - 3 * id);
    torn += Math.abs(field(slot, "address") - 5 * id);
    torn += Math.abs(field(slot, "bytes") - 7 * id);
    seen[head++] = id;
    Words.setRelease(engine, slot, head - 1 + CAPACITY);
  }

  void finish(JJJ_Result result) {
    take();
    take();
    result.r1 = seen[0];
    result.r2 = seen[1];
    result.r3 = torn;
  }

  private long field(long slot, String name) {
    return Words.plain(engine, slot + Layouts.offset(Layouts.OP, name));
  }
}
