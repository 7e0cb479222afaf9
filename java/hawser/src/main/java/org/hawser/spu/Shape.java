package org.hawser.spu;

import java.util.Arrays;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Arithmetic on shapes: the extent of each dimension, the outermost first. */
final class Shape {
  private Shape() {}

  /**
   * The number of elements; 1 for a scalar, which has no dimension.
   *
   * @throws HawserException (INVALID_ARGUMENT) for a negative extent, or more elements than a long
   *     counts
   */
  static long elements(long... shape) {
    long elements = 1;
    for (long extent : shape) {
      if (extent < 0) {
        throw wrong(shape, "has a negative extent");
      }
      try {
        elements = Math.multiplyExact(elements, extent);
      } catch (ArithmeticException e) {
        throw wrong(shape, "has too many elements");
      }
    }
    return elements;
  }

  /** Where the element at these indices is in row-major order. */
  static long offset(long[] shape, long[] indices) {
    if (indices.length != shape.length) {
      throw wrong(shape, "has no element at " + Arrays.toString(indices));
    }
    long offset = 0;
    for (int i = 0; i < shape.length; i++) {
      if (indices[i] < 0 || indices[i] >= shape[i]) {
        throw wrong(shape, "has no element at " + Arrays.toString(indices));
      }
      offset = offset * shape[i] + indices[i];
    }
    return offset;
  }

  private static HawserException wrong(long[] shape, String what) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "the shape %s %s".formatted(Arrays.toString(shape), what));
  }
}
