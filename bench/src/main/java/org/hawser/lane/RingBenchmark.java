package org.hawser.lane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.hawser.base.Words;
import org.hawser.ffi.Layouts;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Posting one operation, and giving one chunk to a lane with all that Java reads and writes in
 * shared memory for it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RingBenchmark {
  private static final int CAPACITY = 1024;
  private static final int LANES = 4;
  private static final long CHUNK = 512 << 10;

  private final Adaptive adaptive = new Adaptive();
  private final LaneTable table = new LaneTable(LANES);
  private MemorySegment engine;
  private OpRing ops;
  private long taken;
  private MemorySegment memory;
  private LinkMemory link;
  private long chunk;

  @Setup
  public void prepare() {
    long slots = Layouts.ENGINE_SHARED.byteSize();
    engine = Arena.global().allocate(slots + CAPACITY * Layouts.OP.byteSize(), 64);
    engine.set(JAVA_INT, Layouts.offset(Layouts.ENGINE_SHARED, "op_capacity"), CAPACITY);
    engine.set(JAVA_LONG, Layouts.offset(Layouts.ENGINE_SHARED, "ops_offset"), slots);
    for (long slot = 0; slot < CAPACITY; slot++) {
      Words.setPlain(engine, slots + slot * Layouts.OP.byteSize(), slot);
    }
    ops = new OpRing(engine);
    memory = Arena.global().allocate(Layouts.LINK_SHARED);
    memory.set(JAVA_INT, Layouts.offset(Layouts.LINK_SHARED, "lanes"), LANES);
    for (int lane = 0; lane < LANES; lane++) {
      set(lane, "alive", 1);
      set(lane, "rate", 125_000_000L / (lane + 1));
    }
    link = new LinkMemory(memory);
  }

  private void set(int lane, String field, long value) {
    Words.setPlain(memory, at(lane, field), value);
  }

  private static long at(int lane, String field) {
    return Layouts.offset(Layouts.LINK_SHARED, "lane")
        + lane * Layouts.LANE_STATE.byteSize()
        + Layouts.offset(Layouts.LANE_STATE, field);
  }

  private static final long LANE_0 = at(0, "submitted_bytes");
  private static final long WRITTEN = at(0, "written_chunks") - LANE_0;
  private static final long ACKED_CHUNKS = at(0, "acked_chunks") - LANE_0;
  private static final long ACKED_BYTES = at(0, "acked_bytes") - LANE_0;

  /** The engine's part, taking what was posted, is one store here. */
  @Benchmark
  public boolean postOperation() {
    boolean posted = ops.offer(OpRing.SEND, 1, taken, 7, 4096, CHUNK, 0);
    long slot = Layouts.ENGINE_SHARED.byteSize() + taken % CAPACITY * Layouts.OP.byteSize();
    Words.setRelease(engine, slot, taken + CAPACITY);
    taken++;
    return posted;
  }

  /** Reads the lanes, picks one, submits the chunk; the engine's part is three stores. */
  @Benchmark
  public int giveChunk() {
    table.refresh(link);
    int lane = adaptive.pick(table, chunk, CHUNK, 32 * CHUNK);
    link.submit(lane, chunk, chunk * CHUNK, CHUNK);
    chunk++;
    long state = LANE_0 + lane * Layouts.LANE_STATE.byteSize();
    long chunks = Words.plain(memory, state + WRITTEN) + 1;
    Words.setPlain(memory, state + WRITTEN, chunks);
    Words.setPlain(memory, state + ACKED_CHUNKS, chunks);
    Words.setPlain(memory, state + ACKED_BYTES, chunks * CHUNK);
    return lane;
  }
}
