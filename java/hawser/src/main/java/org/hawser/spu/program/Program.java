package org.hawser.spu.program;

import java.util.List;
import org.hawser.spu.SpuCompiler;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.SpuSource;

/**
 * A finished program: the text of a StableHLO module, and the variables that it reads and writes.
 *
 * @param name for messages, and the module's
 * @param stablehlo the module's text; inputs and outputs are its main function's, in their order
 */
public record Program(
    String name, String stablehlo, List<Variable> inputs, List<Variable> outputs) {
  /** A named value that a program reads or writes. */
  public record Variable(String name, TensorType type) {}

  public Program {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** What {@link SpuCompiler} compiles. */
  public SpuSource source() {
    return new SpuSource(name, stablehlo, names(inputs), names(outputs));
  }

  /**
   * Compiles it for inputs that are all secret.
   *
   * @throws org.hawser.HawserException (UNSUPPORTED) without libspu
   */
  public SpuExecutable compile() {
    return SpuCompiler.compile(source());
  }

  private static List<String> names(List<Variable> variables) {
    return variables.stream().map(Variable::name).toList();
  }
}
