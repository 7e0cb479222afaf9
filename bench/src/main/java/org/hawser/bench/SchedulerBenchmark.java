package org.hawser.bench;

import java.util.concurrent.TimeUnit;
import org.hawser.lane.ChunkScheduler;
import org.hawser.lane.LaneView;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Choosing a lane for one chunk: must cost at most 50 ns and allocate nothing. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SchedulerBenchmark {
  private static final long CHUNK = 512 << 10;

  /** Lanes that take every chunk and acknowledge the oldest, so that loads keep changing. */
  private static final class Lanes implements LaneView {
    final long[] inFlight;
    final long[] rate;

    Lanes(int count) {
      inFlight = new long[count];
      rate = new long[count];
      for (int lane = 0; lane < count; lane++) {
        rate[lane] = 125_000_000L / (lane % 4 + 1);
      }
    }

    @Override
    public int count() {
      return rate.length;
    }

    @Override
    public boolean alive(int lane) {
      return true;
    }

    @Override
    public boolean room(int lane) {
      return inFlight[lane] < 16 * CHUNK;
    }

    @Override
    public long inFlight(int lane) {
      return inFlight[lane];
    }

    @Override
    public long rate(int lane) {
      return rate[lane];
    }
  }

  @Param({"adaptive", "round-robin", "weighted:4,2,1,1"})
  public String scheduler;

  @Param({"4", "16"})
  public int lanes;

  private ChunkScheduler picks;
  private Lanes view;
  private long chunk;

  @Setup
  public void prepare() {
    picks = ChunkScheduler.parse(scheduler);
    view = new Lanes(lanes);
  }

  @Benchmark
  public int pick() {
    int lane = picks.pick(view, chunk, CHUNK, 32 * CHUNK);
    int drained = (int) (chunk++ % lanes);
    view.inFlight[drained] = Math.max(0, view.inFlight[drained] - CHUNK);
    if (lane >= 0) {
      view.inFlight[lane] += CHUNK;
    }
    return lane;
  }
}
