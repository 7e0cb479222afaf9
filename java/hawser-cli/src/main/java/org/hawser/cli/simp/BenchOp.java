package org.hawser.cli.simp;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHost;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;

/** What is measured, as graphs that any driver runs. */
enum BenchOp {
  /** A function that returns its argument, called at all parties. */
  PCALL("pcall", 1) {
    @Override
    Supplier<List<HostVar>> prepare(SimpHost host) {
      List<HostVar> input = constant(host, all(host), 1);
      Graph graph = calls(all(host), 1);
      return () -> host.run(graph, input);
    }
  },

  /** A graph of 51 such calls, each on the result of the one before. */
  CHAIN("chain of 51", 51) {
    @Override
    Supplier<List<HostVar>> prepare(SimpHost host) {
      List<HostVar> input = constant(host, all(host), 1);
      Graph graph = calls(all(host), steps());
      return () -> host.run(graph, input);
    }
  },

  /** A number that moves from the first party to the second. */
  SHUFFLE_8B("shuffle 8 B", 1) {
    @Override
    Supplier<List<HostVar>> prepare(SimpHost host) {
      return shuffle(host, 1);
    }
  },

  /** As many numbers as a MiB holds, moved so. */
  SHUFFLE_1MIB("shuffle 1 MiB", 1) {
    @Override
    Supplier<List<HostVar>> prepare(SimpHost host) {
      return shuffle(host, MIB);
    }
  },

  /** A MiB from the first party to the host. */
  FETCH("fetch 1 MiB", 1) {
    @Override
    Supplier<List<HostVar>> prepare(SimpHost host) {
      HostVar value = constant(host, FIRST, MIB).getFirst();
      return () -> {
        if (host.fetch(value, 0) == null) {
          throw new HawserException(ErrorCode.INTERNAL, "nothing was fetched from rank 0");
        }
        return List.of();
      };
    }
  },

  /** A MiB from the host to the first party, inside a graph. */
  CONSTANT("constant 1 MiB", 1) {
    @Override
    Supplier<List<HostVar>> prepare(SimpHost host) {
      Graph graph = constants(FIRST, MIB);
      return () -> host.run(graph, List.of());
    }
  };

  /** Eight bytes each. */
  private static final int MIB = 1 << 17;

  private static final List<Long> FIRST = List.of(0L);

  private final String label;
  private final int steps;

  BenchOp(String label, int steps) {
    this.label = label;
    this.steps = steps;
  }

  /** As results name it. */
  String label() {
    return label;
  }

  /** How many operations one run has: a time is one's. */
  int steps() {
    return steps;
  }

  /**
   * Brings the inputs to the parties.
   *
   * @return runs it once, and says what the parties now keep for it
   */
  abstract Supplier<List<HostVar>> prepare(SimpHost host);

  static List<Long> all(SimpHost host) {
    return IntStream.range(0, host.worldSize()).mapToObj(Long::valueOf).toList();
  }

  static Supplier<List<HostVar>> shuffle(SimpHost host, int numbers) {
    List<HostVar> input = constant(host, FIRST, numbers);
    var builder = Graph.builder();
    Value moved = builder.input("x", Type.CustomType.ANY);
    Map<String, Object> attributes = Map.of("routing", Map.of(1L, 0L));
    List<Value> there =
        builder.op("simp.shuffle", List.of(moved), List.of(Type.CustomType.ANY), attributes);
    Graph graph = builder.output(there.getFirst()).build();
    return () -> host.run(graph, input);
  }

  private static Graph calls(List<Long> parties, int count) {
    var inner = Graph.builder();
    Graph identity = inner.output(inner.input("x", Type.CustomType.ANY)).build();
    var builder = Graph.builder();
    Value value = builder.input("x", Type.CustomType.ANY);
    for (int i = 0; i < count; i++) {
      value = call(builder, parties, List.of(value), identity);
    }
    return builder.output(value).build();
  }

  static List<HostVar> constant(SimpHost host, List<Long> parties, int numbers) {
    return host.run(constants(parties, numbers), List.of());
  }

  private static Graph constants(List<Long> parties, int numbers) {
    var bytes = new byte[8 * numbers];
    new Random(numbers).nextBytes(bytes);
    var type = new Type.TensorType(new Type.IntegerType(64, true), List.of((long) numbers));
    var inner = Graph.builder();
    Map<String, Object> attributes = Map.of("value_b64", Base64.getEncoder().encodeToString(bytes));
    List<Value> made = inner.op("tensor.constant", List.of(), List.of(type), attributes);
    Graph region = inner.output(made.getFirst()).build();
    var builder = Graph.builder();
    return builder.output(call(builder, parties, List.of(), region)).build();
  }

  private static Value call(
      Graph.Builder builder, List<Long> parties, List<Value> arguments, Graph region) {
    Map<String, Object> attributes = Map.of("fn_name", "bench", "parties", parties);
    return builder
        .op(
            "simp.pcall_static",
            arguments,
            List.of(Type.CustomType.ANY),
            attributes,
            List.of(region))
        .getFirst();
  }
}
