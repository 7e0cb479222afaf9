package org.hawser.simp;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;

/** Graphs for tests, and the operations and functions that they use. */
public final class Programs {
  static final Type ANY = Type.CustomType.ANY;

  private Programs() {}

  /** All that a worker can do, a few functions on whole numbers, and what tests need. */
  public static OpRegistry registry() {
    Functions functions =
        new Functions()
            .register("add", args -> List.of((Long) args.get(0) + (Long) args.get(1)))
            .register("less", args -> List.of((Long) args.get(0) < (Long) args.get(1)))
            .register("same", args -> args)
            .register("divmod", Programs::divmod)
            .register("drop", _ -> List.of())
            .register("one", _ -> List.of(1L))
            .register("ten", _ -> List.of(10L));
    return StandardOps.registry(functions)
        .register("test.rank", (job, _, _) -> new Object[] {(long) job.rank()})
        .register("test.parties", (job, _, _) -> new Object[] {parties(job)});
  }

  private static List<Object> divmod(List<Object> args) {
    long a = (Long) args.get(0);
    long b = (Long) args.get(1);
    return List.of(a / b, a % b);
  }

  private static List<Object> parties(Job job) {
    return Arrays.stream(job.parties()).<Object>mapToObj(rank -> (long) rank).toList();
  }

  /** A graph of so many inputs. */
  public static Graph graph(int inputs, BiFunction<Graph.Builder, List<Value>, List<Value>> body) {
    Graph.Builder builder = Graph.builder();
    List<Value> given =
        IntStream.range(0, inputs).mapToObj(i -> builder.input("in" + i, ANY)).toList();
    body.apply(builder, given).forEach(builder::output);
    return builder.build();
  }

  /** One operation with one output. */
  public static Value op(Graph.Builder builder, String opcode, Value... inputs) {
    return builder.op(opcode, List.of(inputs), List.of(ANY), Map.of()).getFirst();
  }

  /** A call of a function with one output. */
  public static Value call(Graph.Builder builder, String function, Value... inputs) {
    return builder
        .op("hawser.call", List.of(inputs), List.of(ANY), Map.of("name", function))
        .getFirst();
  }

  /** A region at some parties. */
  public static List<Value> pcall(
      Graph.Builder builder, List<Long> parties, Graph region, Value... inputs) {
    return builder.op(
        "simp.pcall_static",
        List.of(inputs),
        Collections.nCopies(region.outputs().size(), ANY),
        Map.of("fn_name", "test", "parties", parties),
        List.of(region));
  }

  /** A function with one output at some parties. */
  public static Value pcall(
      Graph.Builder builder, List<Long> parties, String function, Value... inputs) {
    Graph region = graph(inputs.length, (b, in) -> List.of(call(b, function, array(in))));
    return pcall(builder, parties, region, inputs).getFirst();
  }

  /** A function with one output at all parties. */
  public static Value pcallDynamic(Graph.Builder builder, String function, Value... inputs) {
    Graph region = graph(inputs.length, (b, in) -> List.of(call(b, function, array(in))));
    return builder
        .op("simp.pcall_dynamic", List.of(inputs), List.of(ANY), Map.of(), List.of(region))
        .getFirst();
  }

  /** Each party's rank. */
  public static Value ranks(Graph.Builder builder) {
    return op(builder, "test.rank");
  }

  /** A move of values, targets to sources. */
  public static Value shuffle(Graph.Builder builder, Map<Long, Long> routing, Value input) {
    return builder
        .op("simp.shuffle", List.of(input), List.of(ANY), Map.of("routing", routing))
        .getFirst();
  }

  /** A choice of one of two regions with as many outputs. */
  public static List<Value> uniformCond(
      Graph.Builder builder, boolean verify, Graph yes, Graph no, Value... inputs) {
    return builder.op(
        "simp.uniform_cond",
        List.of(inputs),
        Collections.nCopies(yes.outputs().size(), ANY),
        Map.of("verify_uniform", verify),
        List.of(yes, no));
  }

  /** A loop over as many values as its body returns. */
  public static List<Value> whileLoop(
      Graph.Builder builder, Graph condition, Graph body, Value... inputs) {
    return builder.op(
        "simp.while_loop",
        List.of(inputs),
        Collections.nCopies(body.outputs().size(), ANY),
        Map.of(),
        List.of(condition, body));
  }

  /** Values as separate arguments. */
  public static Value[] array(List<Value> values) {
    return values.toArray(Value[]::new);
  }
}
