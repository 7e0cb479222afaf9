package org.hawser.cli.simp;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Arrays;
import org.hawser.cli.tensor.TensorValues;
import org.hawser.simp.serde.Serde;
import org.hawser.spu.Tensor;

/**
 * What {@code hawser simp run --json} prints for a party's part of a result.
 *
 * @param output its name in the graph
 * @param type of the elements, null for what is no tensor
 * @param shape null for what is no tensor
 * @param values of a tensor, row by row; anything else as mplang writes it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RunResult(String output, int rank, String type, long[] shape, Object values) {
  static RunResult of(String output, int rank, Object value) {
    return value instanceof Tensor tensor
        ? new RunResult(output, rank, tensor.type().name(), tensor.shape(), TensorValues.of(tensor))
        : new RunResult(output, rank, null, null, Serde.toJson(value));
  }

  /** For people. */
  String line() {
    String head = "%s at rank %d: ".formatted(output, rank);
    return type == null
        ? head + values
        : "%s%s%s %s".formatted(head, type, Arrays.toString(shape), TensorValues.first(values));
  }
}
