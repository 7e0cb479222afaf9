package org.hawser.simp.trace;

import java.util.Arrays;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Type;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.TensorType;

/** Types of graphs for what Java has. */
public final class Types {
  private static final String ADDITIVE = "ss";

  private Types() {}

  /** A tensor's; an extent of -1 is known only when the program runs. */
  public static Type.TensorType tensor(DataType element, long... shape) {
    return new Type.TensorType(scalar(element), Arrays.stream(shape).boxed().toList());
  }

  static Type.TensorType of(Tensor tensor) {
    return tensor(tensor.type(), tensor.shape());
  }

  static Type.TensorType of(TensorType type) {
    return tensor(type.element(), type.shape());
  }

  static Type.SSType share(Type plain) {
    return new Type.SSType(plain, ADDITIVE);
  }

  private static Type.Scalar scalar(DataType element) {
    if (element.isFloating()) {
      return new Type.FloatType(8 * element.bytes());
    }
    int bits = element == DataType.I1 ? 1 : 8 * element.bytes();
    return new Type.IntegerType(bits, !element.isUnsigned());
  }

  /**
   * A tensor's type; a number's, which is what regions of {@code tensor.elementwise} get, is that
   * of a scalar.
   *
   * @throws HawserException (INVALID_ARGUMENT) for anything else
   */
  static Type.TensorType requireTensor(Object value, Type type) {
    return switch (type) {
      case Type.TensorType tensor -> tensor;
      case Type.Scalar number -> new Type.TensorType(number, List.of());
      default -> throw invalid("%s is no tensor".formatted(value));
    };
  }

  /** Whether a value of one type may be used where the other is asked for. */
  static boolean fits(Type given, Type.TensorType wanted) {
    if (!(given instanceof Type.TensorType) && !(given instanceof Type.Scalar)) {
      return false;
    }
    Type.TensorType tensor = requireTensor(given, given);
    List<Long> a = tensor.shape();
    List<Long> b = wanted.shape();
    if (!tensor.element().equals(wanted.element()) || a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      boolean unknown = a.get(i) == Type.TensorType.DYNAMIC || b.get(i) == Type.TensorType.DYNAMIC;
      if (!unknown && !a.get(i).equals(b.get(i))) {
        return false;
      }
    }
    return true;
  }

  static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
