package org.hawser.spu.program;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;

/**
 * The type of a value: its elements' type, and the extent of each dimension, the outermost first.
 *
 * @param shape empty for a scalar; INVALID_ARGUMENT when it cannot be
 */
public record TensorType(DataType element, long... shape) {
  public TensorType {
    shape = shape.clone();
    if (Arrays.stream(shape).anyMatch(extent -> extent < 0)) {
      throw invalid(shape, "has a negative extent");
    }
    try {
      Arrays.stream(shape).reduce(1, Math::multiplyExact);
    } catch (ArithmeticException e) {
      throw invalid(shape, "has too many elements");
    }
  }

  private static HawserException invalid(long[] shape, String why) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "the shape %s %s".formatted(Arrays.toString(shape), why));
  }

  /** A copy. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** The number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** The extent of one dimension. */
  public long extent(int dimension) {
    return shape[dimension];
  }

  public boolean isScalar() {
    return shape.length == 0;
  }

  /** The number of elements; 1 for a scalar. */
  public long elements() {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** As StableHLO writes it, such as {@code tensor<2x3xf32>}. */
  public String mlir() {
    return Arrays.stream(shape)
        .mapToObj(extent -> extent + "x")
        .collect(Collectors.joining("", "tensor<", element.mlir() + ">"));
  }

  TensorType withElement(DataType other) {
    return new TensorType(other, shape);
  }

  TensorType withShape(long... other) {
    return new TensorType(element, other);
  }

  /** A scalar of the same element type. */
  TensorType scalar() {
    return new TensorType(element);
  }

  boolean hasShapeOf(TensorType other) {
    return Arrays.equals(shape, other.shape);
  }

  /** What is left of the shape without these dimensions. */
  TensorType without(int... dimensions) {
    return withShape(
        LongStream.range(0, rank())
            .filter(i -> Arrays.stream(dimensions).noneMatch(d -> d == i))
            .map(i -> shape[(int) i])
            .toArray());
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof TensorType other && element == other.element && hasShapeOf(other);
  }

  @Override
  public int hashCode() {
    return 31 * element.hashCode() + Arrays.hashCode(shape);
  }

  /** Such as {@code F32[2, 3]}. */
  @Override
  public String toString() {
    return element + Arrays.toString(shape);
  }
}
