package org.hawser.chaos;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.hawser.simp.HostVar;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.SimpHost;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import org.hawser.spu.Tensor;

/** SIMP jobs of two parties: each makes numbers, they exchange them, and both add them up. */
final class Work {
  static final int PARTIES = 2;

  private static final Type ANY = Type.CustomType.ANY;
  private static final String NUMBERS = "chaos.numbers";

  private Work() {}

  /** What a worker must know. */
  static OpRegistry registry() {
    var functions = new Functions().register("sum", Work::sum);
    return StandardOps.registry(functions)
        .register(
            NUMBERS,
            (job, operation, _) ->
                new Object[] {Tensor.of(numbers(job.rank(), operation), count(operation))});
  }

  private static long count(Operation operation) {
    return operation.attribute("count", Long.class);
  }

  private static long[] numbers(int rank, Operation operation) {
    return numbers(rank, operation.attribute("seed", Long.class), (int) count(operation));
  }

  private static long[] numbers(int rank, long seed, int count) {
    return IntStream.range(0, count).mapToLong(i -> seed * 31 + i * 7L + rank * 1000L).toArray();
  }

  private static List<Object> sum(List<Object> arguments) {
    long[] a = ((Tensor) arguments.get(0)).toLongs();
    long[] b = ((Tensor) arguments.get(1)).toLongs();
    Arrays.setAll(a, i -> a[i] + b[i]);
    return List.of(Tensor.of(a, a.length));
  }

  private static Value op(Graph.Builder b, String name, Map<String, Object> said, Value... inputs) {
    return b.op(name, List.of(inputs), List.of(ANY), said).getFirst();
  }

  private static Graph program(long seed, int count, String saveAs) {
    Graph.Builder b = Graph.builder();
    Value own = op(b, NUMBERS, Map.of("seed", seed, "count", (long) count));
    Value other = op(b, "simp.shuffle", Map.of("routing", Map.of(0L, 1L, 1L, 0L)), own);
    Graph.Builder add = Graph.builder();
    Value x = add.input("x", ANY);
    Value y = add.input("y", ANY);
    add.output(op(add, "hawser.call", Map.of("name", "sum"), x, y));
    Value sum =
        b.op(
                "simp.pcall_static",
                List.of(own, other),
                Collections.nCopies(1, ANY),
                Map.of("fn_name", "sum", "parties", List.of(0L, 1L)),
                List.of(add.build()))
            .getFirst();
    b.output(saveAs.isEmpty() ? sum : op(b, "store.save", Map.of("uri_base", saveAs), sum));
    return b.build();
  }

  /**
   * Runs one job and checks every number.
   *
   * @param saveAs a name to keep the result under at each party; empty for none
   */
  static void runAndCheck(SimpHost host, long seed, int count, String saveAs, Tally tally) {
    HostVar sum = host.run(program(seed, count, saveAs), List.of()).getFirst();
    List<Object> parts = host.fetchAll(sum);
    host.release(sum);
    long[] expected = numbers(0, seed, count);
    long[] others = numbers(1, seed, count);
    Arrays.setAll(expected, i -> expected[i] + others[i]);
    for (int rank = 0; rank < PARTIES; rank++) {
      if (parts.get(rank) instanceof Tensor part && Arrays.equals(part.toLongs(), expected)) {
        tally.bytes.addAndGet((long) count * Long.BYTES);
      } else {
        tally.wrong((long) count * Long.BYTES, "a job's result at rank " + rank);
      }
    }
  }
}
