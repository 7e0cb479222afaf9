package org.hawser.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.hawser.simp.serde.Serde;
import org.hawser.spu.Tensor;
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

/** A tensor of random doubles as drivers and workers send it: must take less than 5 ms a MiB. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SerdeBenchmark {
  @Param({"8", "1048576"})
  public int bytes;

  private Tensor tensor;
  private String text;
  private MemorySegment container;

  @Setup
  public void prepare() {
    var random = new Random(1);
    tensor = Tensor.of(random.doubles(bytes / Double.BYTES).toArray(), bytes / Double.BYTES);
    text = Serde.dumpsB64(tensor);
    container = Serde.dumpsBinary(tensor, Arena.ofAuto());
  }

  @Benchmark
  public String dumpsB64() {
    return Serde.dumpsB64(tensor);
  }

  @Benchmark
  public Object loadsB64() {
    return Serde.loadsB64(text);
  }

  @Benchmark
  public long dumpsBinary() {
    try (Arena arena = Arena.ofConfined()) {
      return Serde.dumpsBinary(tensor, arena).byteSize();
    }
  }

  @Benchmark
  public Object loadsBinary() {
    return Serde.loadsBinary(container);
  }
}
