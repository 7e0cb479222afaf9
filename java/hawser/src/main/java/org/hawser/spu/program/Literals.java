package org.hawser.spu.program;

import java.math.BigDecimal;
import java.util.function.IntFunction;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/**
 * Constants as StableHLO writes them: read back, they are the same number, bit for bit. Independent
 * of the locale.
 */
final class Literals {
  private Literals() {}

  /** Whether an integer type has this very number; floating-point types round any. */
  static boolean fits(DataType type, double value) {
    if (type.isFloating()) {
      return true;
    }
    if (type == DataType.I1) {
      return value == 0 || value == 1;
    }
    double end = Math.scalb(1.0, type.isUnsigned() ? bits(type) : bits(type) - 1);
    double first = type.isUnsigned() ? 0 : -end;
    return value == Math.rint(value) && value >= first && value < end;
  }

  /** A number that {@link #fits}. */
  static String of(DataType type, double value) {
    return switch (type) {
      case F16 -> half(Float.floatToFloat16((float) value));
      case F32 -> single((float) value);
      case F64 -> real(value);
      case I1 -> Boolean.toString(value != 0);
      default -> new BigDecimal(value).toBigIntegerExact().toString();
    };
  }

  /** All elements, in nested brackets. */
  static String of(Tensor tensor) {
    var text = new StringBuilder();
    if (tensor.elements() > 0) {
      append(text, elements(tensor), tensor.shape(), 0, 0);
    }
    return text.toString();
  }

  /** Writes the elements below one place of the first dimensions; returns the next element. */
  private static int append(
      StringBuilder text, IntFunction<String> element, long[] shape, int dimension, int next) {
    if (dimension == shape.length) {
      text.append(element.apply(next));
      return next + 1;
    }
    int index = next;
    text.append('[');
    for (long i = 0; i < shape[dimension]; i++) {
      text.append(i == 0 ? "" : ", ");
      index = append(text, element, shape, dimension + 1, index);
    }
    text.append(']');
    return index;
  }

  private static IntFunction<String> elements(Tensor tensor) {
    DataType type = tensor.type();
    if (type.isFloating()) {
      double[] values = tensor.toDoubles();
      return i -> of(type, values[i]);
    }
    long[] values = tensor.toLongs();
    return switch (type) {
      case I1 -> i -> Boolean.toString(values[i] != 0);
      case U64 -> i -> Long.toUnsignedString(values[i]);
      default -> i -> Long.toString(values[i]);
    };
  }

  private static String half(short bits) {
    float value = Float.float16ToFloat(bits);
    return Float.isFinite(value) ? Float.toString(value) : "0x%04X".formatted(bits);
  }

  /**
   * MLIR reads decimals as double first and rounds then. Where that is not the number that the
   * shortest decimal stands for, or there is no decimal at all, its bits are written.
   */
  private static String single(float value) {
    String decimal = Float.toString(value);
    return Float.isFinite(value) && (float) Double.parseDouble(decimal) == value
        ? decimal
        : "0x%08X".formatted(Float.floatToRawIntBits(value));
  }

  private static String real(double value) {
    return Double.isFinite(value)
        ? Double.toString(value)
        : "0x%016X".formatted(Double.doubleToRawLongBits(value));
  }

  private static int bits(DataType type) {
    return type.bytes() * Byte.SIZE;
  }
}
