package org.hawser.cli.tensor;

import java.lang.reflect.Array;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/** A tensor's values as results show them. */
public final class TensorValues {
  private static final int SHOWN = 8;

  private TensorValues() {}

  /** All of them as an array, row by row, of truth values, whole numbers or floating-point ones. */
  public static Object of(Tensor tensor) {
    if (tensor.type() == DataType.I1) {
      return tensor.toBooleans();
    }
    return tensor.type().isFloating() ? tensor.toDoubles() : tensor.toLongs();
  }

  /** The first of such an array, for people. */
  public static String first(Object values) {
    int count = Array.getLength(values);
    return IntStream.range(0, Math.min(count, SHOWN))
        .mapToObj(i -> Array.get(values, i).toString())
        .collect(Collectors.joining(" ", "", count > SHOWN ? " .." : ""));
  }
}
