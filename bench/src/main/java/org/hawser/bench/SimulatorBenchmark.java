package org.hawser.bench;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One job after another over two parties in one process: what a job costs beside its work. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SimulatorBenchmark {
  private static final Type ANY = Type.CustomType.ANY;
  private static final List<Long> BOTH = List.of(0L, 1L);

  private SimpSimulator simulator;
  private Graph identity;
  private Graph swap;
  private List<HostVar> input;

  /** Two parties that have a number each. */
  @Setup
  public void open() {
    Functions functions = new Functions().register("one", _ -> List.of(1L));
    simulator = SimpSimulator.open(2, StandardOps.registry(functions));
    identity = identity();
    swap = swap();
    input = simulator.run(one(), List.of());
  }

  private static Graph one() {
    Graph.Builder builder = Graph.builder();
    List<Value> made = builder.op("hawser.call", List.of(), List.of(ANY), Map.of("name", "one"));
    return builder.output(made.getFirst()).build();
  }

  private static Graph identity() {
    Graph.Builder region = Graph.builder();
    Graph same = region.output(region.input("y", ANY)).build();
    Graph.Builder builder = Graph.builder();
    List<Value> x = List.of(builder.input("x", ANY));
    Map<String, Object> attributes = Map.of("fn_name", "identity", "parties", BOTH);
    List<Value> made = builder.op("simp.pcall_static", x, List.of(ANY), attributes, List.of(same));
    return builder.output(made.getFirst()).build();
  }

  private static Graph swap() {
    Graph.Builder builder = Graph.builder();
    List<Value> x = List.of(builder.input("x", ANY));
    Map<String, Object> attributes = Map.of("routing", Map.of(0L, 1L, 1L, 0L));
    return builder
        .output(builder.op("simp.shuffle", x, List.of(ANY), attributes).getFirst())
        .build();
  }

  /** Ends the parties. */
  @TearDown
  public void close() {
    simulator.close();
  }

  /** A call of the identity at both parties, run as a job of its own. */
  @Benchmark
  public HostVar pcall() {
    return ran(identity);
  }

  /** Both parties send each other a number. */
  @Benchmark
  public HostVar swapNumbers() {
    return ran(swap);
  }

  private HostVar ran(Graph graph) {
    HostVar value = simulator.run(graph, input).getFirst();
    simulator.release(value);
    return value;
  }
}
