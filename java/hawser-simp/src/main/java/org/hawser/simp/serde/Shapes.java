package org.hawser.simp.serde;

import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Arithmetic on shapes that were read. */
final class Shapes {
  private Shapes() {}

  /**
   * The number of elements; 1 for a scalar.
   *
   * @throws HawserException (INVALID_ARGUMENT) for negative extents and numbers beyond a long
   */
  static long elements(List<Long> shape) {
    long elements = 1;
    for (long extent : shape) {
      if (extent < 0 || Math.multiplyHigh(elements, extent) != 0 || elements * extent < 0) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT, "%s is no shape of a tensor".formatted(shape));
      }
      elements *= extent;
    }
    return elements;
  }
}
