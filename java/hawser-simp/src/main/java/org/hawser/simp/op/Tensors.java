package org.hawser.simp.op;

import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Type;
import org.hawser.simp.serde.NdArray;
import org.hawser.simp.serde.ObjectTensor;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/** What operations take for a tensor, and what their types say of one. */
final class Tensors {
  private Tensors() {}

  /**
   * An input as a tensor: single values are scalars, and what mplang's element-wise operations
   * make, tensors of plain numbers, are tensors of the widest of them.
   *
   * @throws HawserException (INVALID_ARGUMENT) for anything else
   */
  static Tensor input(Object[] inputs, int index) {
    if (index >= inputs.length) {
      throw invalid("it takes %d inputs or more, not %d".formatted(index + 1, inputs.length));
    }
    return switch (inputs[index]) {
      case Tensor tensor -> tensor;
      case NdArray array -> array.tensor();
      case ObjectTensor objects -> numeric(objects, index);
      case Boolean value -> Tensor.of(new boolean[] {value});
      case Long value -> Tensor.of(new long[] {value});
      case Double value -> Tensor.of(new double[] {value});
      case null -> throw invalid("this party has no part of input %d".formatted(index));
      default ->
          throw invalid(
              "input %d must be a tensor, not a %s"
                  .formatted(index, inputs[index].getClass().getSimpleName()));
    };
  }

  private static Tensor numeric(ObjectTensor objects, int index) {
    long[] shape = objects.shape().stream().mapToLong(Long::longValue).toArray();
    List<Object> items = objects.items();
    if (items.stream().allMatch(Boolean.class::isInstance)) {
      long[] values = items.stream().mapToLong(item -> (Boolean) item ? 1 : 0).toArray();
      return Tensor.of(DataType.I1, values, shape);
    }
    if (items.stream().allMatch(Long.class::isInstance)) {
      return Tensor.of(items.stream().mapToLong(item -> (Long) item).toArray(), shape);
    }
    if (items.stream().allMatch(item -> item instanceof Long || item instanceof Double)) {
      double[] values = items.stream().mapToDouble(item -> ((Number) item).doubleValue()).toArray();
      return Tensor.of(values, shape);
    }
    throw invalid("input %d must be a tensor of numbers".formatted(index));
  }

  /**
   * What a type's elements are.
   *
   * @throws HawserException (UNSUPPORTED) for elements that no tensor has
   */
  static DataType elements(Type type) {
    return switch (type) {
      case Type.TensorType tensor -> elements(tensor.element());
      case Type.IntegerType integer when integer.bitwidth() == 1 -> DataType.I1;
      case Type.IntegerType integer when integer.bitwidth() == 8 ->
          integer.signed() ? DataType.I8 : DataType.U8;
      case Type.IntegerType integer when integer.bitwidth() == 16 ->
          integer.signed() ? DataType.I16 : DataType.U16;
      case Type.IntegerType integer when integer.bitwidth() == 32 ->
          integer.signed() ? DataType.I32 : DataType.U32;
      case Type.IntegerType integer when integer.bitwidth() == 64 ->
          integer.signed() ? DataType.I64 : DataType.U64;
      case Type.FloatType number when number.bitwidth() == 16 -> DataType.F16;
      case Type.FloatType number when number.bitwidth() == 32 -> DataType.F32;
      case Type.FloatType number when number.bitwidth() == 64 -> DataType.F64;
      default ->
          throw new HawserException(
              ErrorCode.UNSUPPORTED, "there are no tensors of %s here".formatted(type));
    };
  }

  static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
