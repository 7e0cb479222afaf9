package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntToLongFunction;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.SpuArray;

/**
 * Numbers or truth values in rows, outside the heap: the last index changes fastest, nothing lies
 * between two elements, and a shape without dimensions is a scalar's.
 *
 * <p>What its factories allocate is freed when the tensor is unreachable. Its shape never changes;
 * whoever changes its elements while others read them keeps order himself.
 */
public final class Tensor {
  private final DataType type;
  private final long[] shape;
  private final MemorySegment data;

  private Tensor(DataType type, long[] shape, MemorySegment data) {
    this.type = type;
    this.shape = shape;
    this.data = data;
  }

  /**
   * Views memory as a tensor, without a copy.
   *
   * @param data native memory of exactly the shape's size, in the machine's byte order, that any
   *     thread may read; stays its owner's, and must live as long as the tensor is used
   * @throws HawserException (INVALID_ARGUMENT) when size and shape differ, or the memory is on the
   *     heap
   */
  public static Tensor of(DataType type, long[] shape, MemorySegment data) {
    long bytes = bytes(type, shape);
    if (!data.isNative()) {
      throw invalid("a tensor's memory is outside the heap: copy the array with Tensor.of(array)");
    }
    if (data.byteSize() != bytes) {
      throw invalid(
          "a tensor of %s%s has %d bytes, not %d"
              .formatted(type, Arrays.toString(shape), bytes, data.byteSize()));
    }
    return new Tensor(type, shape.clone(), data);
  }

  /** What native code returned, in its memory. */
  static Tensor of(SpuArray array) {
    return of(DataType.values()[array.dataType() - 1], array.shape(), array.data());
  }

  /** Zeros, to be set. */
  public static Tensor zeros(DataType type, long... shape) {
    long bytes = bytes(type, shape);
    return new Tensor(type, shape.clone(), Arena.ofAuto().allocate(bytes, Long.BYTES));
  }

  /** A copy, as {@link DataType#F64}. */
  public static Tensor of(double[] values, long... shape) {
    return copy(DataType.F64, MemorySegment.ofArray(values), values.length, shape);
  }

  /** A copy, as {@link DataType#F32}. */
  public static Tensor of(float[] values, long... shape) {
    return copy(DataType.F32, MemorySegment.ofArray(values), values.length, shape);
  }

  /** A copy, as {@link DataType#I64}. */
  public static Tensor of(long[] values, long... shape) {
    return copy(DataType.I64, MemorySegment.ofArray(values), values.length, shape);
  }

  /** A copy, as {@link DataType#I32}. */
  public static Tensor of(int[] values, long... shape) {
    return copy(DataType.I32, MemorySegment.ofArray(values), values.length, shape);
  }

  /** A copy, as {@link DataType#I16}. */
  public static Tensor of(short[] values, long... shape) {
    return copy(DataType.I16, MemorySegment.ofArray(values), values.length, shape);
  }

  /** A copy, as {@link DataType#I8}. */
  public static Tensor of(byte[] values, long... shape) {
    return copy(DataType.I8, MemorySegment.ofArray(values), values.length, shape);
  }

  /** A copy, as {@link DataType#I1}. */
  public static Tensor of(boolean[] values, long... shape) {
    return ofLongs(DataType.I1, shape, values.length, i -> values[i] ? 1 : 0);
  }

  /** A copy as any type; values are rounded, cut off or narrowed as Java's casts do. */
  public static Tensor of(DataType type, double[] values, long... shape) {
    Tensor tensor = zeros(type, shape);
    tensor.requireElements(values.length);
    for (int i = 0; i < values.length; i++) {
      Elements.putDouble(type, tensor.data, i, values[i]);
    }
    return tensor;
  }

  /** A copy as any type; values are narrowed as Java's casts do. */
  public static Tensor of(DataType type, long[] values, long... shape) {
    return ofLongs(type, shape, values.length, i -> values[i]);
  }

  private static Tensor ofLongs(
      DataType type, long[] shape, int elements, IntToLongFunction value) {
    Tensor tensor = zeros(type, shape);
    tensor.requireElements(elements);
    for (int i = 0; i < elements; i++) {
      Elements.putLong(type, tensor.data, i, value.applyAsLong(i));
    }
    return tensor;
  }

  private static Tensor copy(DataType type, MemorySegment values, int elements, long[] shape) {
    Tensor tensor = zeros(type, shape);
    tensor.requireElements(elements);
    tensor.data.copyFrom(values);
    return tensor;
  }

  public DataType type() {
    return type;
  }

  /** The extent of each dimension; a copy. */
  public long[] shape() {
    return shape.clone();
  }

  /** The number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** The number of elements; 1 for a scalar. */
  public long elements() {
    return data.byteSize() / type.bytes();
  }

  /** Its memory: {@link #elements} times the type's bytes. */
  public MemorySegment data() {
    return data;
  }

  /** One element; 64-bit integers that no double holds are rounded. */
  public double getDouble(long... indices) {
    return Elements.getDouble(type, data, Shape.offset(shape, indices));
  }

  /** One element; floating-point numbers are cut off, {@link DataType#U64} gives its bits. */
  public long getLong(long... indices) {
    return Elements.getLong(type, data, Shape.offset(shape, indices));
  }

  /** Whether an element is not zero. */
  public boolean getBoolean(long... indices) {
    return getDouble(indices) != 0;
  }

  /** All elements, as by {@link #getDouble}. */
  public double[] toDoubles() {
    var values = new double[intElements()];
    Arrays.setAll(values, (int i) -> Elements.getDouble(type, data, i));
    return values;
  }

  /** All elements, as by {@link #getLong}. */
  public long[] toLongs() {
    var values = new long[intElements()];
    Arrays.setAll(values, (int i) -> Elements.getLong(type, data, i));
    return values;
  }

  /** All elements, as by {@link #getBoolean}. */
  public boolean[] toBooleans() {
    var values = new boolean[intElements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Elements.getDouble(type, data, i) != 0;
    }
    return values;
  }

  /** The same memory in another shape with as many elements. */
  public Tensor reshape(long... newShape) {
    return of(type, newShape, data);
  }

  /** The same type, shape and bits: two zeros of different sign differ. */
  @Override
  public boolean equals(Object object) {
    return object instanceof Tensor other
        && type == other.type
        && Arrays.equals(shape, other.shape)
        && data.mismatch(other.data) == -1;
  }

  @Override
  public int hashCode() {
    return 31 * type.hashCode() + Arrays.hashCode(shape);
  }

  /** Type and shape: elements may be secrets. */
  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }

  private int intElements() {
    if (elements() > Integer.MAX_VALUE) {
      throw invalid("%s has too many elements for an array: use data()".formatted(this));
    }
    return (int) elements();
  }

  private void requireElements(int count) {
    if (elements() != count) {
      throw invalid("%s has %d elements, not %d".formatted(this, elements(), count));
    }
  }

  private static long bytes(DataType type, long[] shape) {
    try {
      return Math.multiplyExact(Shape.elements(shape), (long) type.bytes());
    } catch (ArithmeticException e) {
      throw invalid("%s%s is too large".formatted(type, Arrays.toString(shape)));
    }
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
