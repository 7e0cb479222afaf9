package org.hawser.cli.spu;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Arrays;
import java.util.List;
import org.hawser.cli.tensor.TensorValues;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/**
 * What {@code hawser spu run --json} prints.
 *
 * @param rank of the party that prints
 * @param seconds of the program alone: nothing is compiled, shared or revealed meanwhile
 * @param messages that this party sent for it; null where libspu's own links do not count
 * @param outputs what was revealed to this party
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RunResult(
    int rank,
    int parties,
    String protocol,
    String field,
    LinkKind link,
    double seconds,
    Long messages,
    Long bytes,
    List<Output> outputs) {
  /**
   * @param file where it was written, null when nowhere
   * @param values in rows, null when they were written to a file
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Output(String name, DataType type, long[] shape, String file, Object values) {
    static Output written(String name, Tensor tensor, String file) {
      return new Output(name, tensor.type(), tensor.shape(), file, null);
    }

    static Output told(String name, Tensor tensor) {
      return new Output(name, tensor.type(), tensor.shape(), null, TensorValues.of(tensor));
    }

    /** For people: the first values. */
    String line() {
      String head = "%s %s%s".formatted(name, type, Arrays.toString(shape));
      return file == null ? head + ": " + TensorValues.first(values) : head + " written to " + file;
    }
  }
}
