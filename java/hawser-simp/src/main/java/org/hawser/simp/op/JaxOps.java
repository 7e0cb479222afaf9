package org.hawser.simp.op;

import static org.hawser.simp.op.Tensors.invalid;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.hawser.simp.Job;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.serde.Sequences;
import org.hawser.spu.Stablehlo;
import org.hawser.spu.Tensor;
import org.hawser.spu.XlaProgram;

/**
 * StableHLO on plain data, as JAX's tracer wrote it: run by XLA, in native code, so that jobs with
 * such operations need platform threads. JAX has matrices factorized by LAPACK, whose functions a
 * program would call by name and with sizes of its own: those programs are refused, as all that
 * call functions of the process.
 */
public final class JaxOps {
  private JaxOps() {}

  /** Lets a worker do them. */
  public static OpRegistry register(OpRegistry registry) {
    return registry.register("tensor.run_jax", JaxOps::run);
  }

  private static Object[] run(Job job, Operation operation, Object[] inputs) {
    String program = operation.attribute("stablehlo_code", String.class);
    List<Tensor> arguments =
        IntStream.of(kept(operation, inputs.length))
            .mapToObj(index -> Tensors.input(inputs, index))
            .toList();
    if (Boolean.TRUE.equals(operation.attributes().get("has_dynamic_shape"))) {
      program = Stablehlo.refine(program, arguments.stream().map(Tensor::shape).toList());
    }
    return XlaProgram.compile(program).run(arguments).toArray();
  }

  /** The inputs that the program takes: JAX drops arguments that it does not use. */
  private static int[] kept(Operation operation, int inputs) {
    Optional<List<?>> indices = Sequences.find(operation, "arg_keep_map");
    if (indices.isEmpty()) {
      return IntStream.range(0, inputs).toArray();
    }
    return indices.get().stream()
        .mapToInt(
            index -> {
              if (index instanceof Long kept && kept >= 0 && kept < inputs) {
                return kept.intValue();
              }
              throw invalid("arg_keep_map names input %s of %d".formatted(index, inputs));
            })
        .toArray();
  }
}
