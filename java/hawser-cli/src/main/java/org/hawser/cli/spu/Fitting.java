package org.hawser.cli.spu;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.spu.Signature.Form;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/** Reads a program's inputs from files, as the program wants them. */
final class Fitting {
  private Fitting() {}

  /**
   * Reads a tensor of the argument's type and shape. Numbers may lose precision, but no value
   * becomes another: a fraction is no integer, and what is out of range is refused. CSV, which
   * knows no shapes, needs as many numbers as the argument has elements.
   *
   * @throws HawserException (INVALID_ARGUMENT) when the file's tensor does not fit
   */
  static Tensor read(Path file, String name, Form form) {
    Tensor tensor = TensorFiles.read(file);
    boolean csv = file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    if (!Arrays.equals(tensor.shape(), form.shape())) {
      long wanted = Arrays.stream(form.shape()).reduce(1, (one, other) -> one * other);
      if (!csv || tensor.elements() != wanted) {
        throw misfit(file, name, form, "holds " + tensor);
      }
      tensor = tensor.reshape(form.shape());
    }
    return tensor.type() == form.type() ? tensor : converted(tensor, file, name, form);
  }

  private static Tensor converted(Tensor tensor, Path file, String name, Form form) {
    DataType type = form.type();
    Tensor result =
        tensor.type().isFloating()
            ? Tensor.of(type, tensor.toDoubles(), form.shape())
            : Tensor.of(type, tensor.toLongs(), form.shape());
    if (!type.isFloating() && !sameValues(tensor, result)) {
      throw misfit(file, name, form, "holds values that are none of its type's");
    }
    return result;
  }

  private static boolean sameValues(Tensor one, Tensor other) {
    if (one.type().isFloating()) {
      return Arrays.equals(one.toDoubles(), other.toDoubles());
    }
    long[] before = one.toLongs();
    long[] after = other.toLongs();
    for (int i = 0; i < before.length; i++) {
      if (before[i] != after[i] || crossesSign(before[i], one.type(), other.type())) {
        return false;
      }
    }
    return true;
  }

  /** 64 bits may be one number with a sign and another without. */
  private static boolean crossesSign(long bits, DataType from, DataType to) {
    return bits < 0 && (from == DataType.U64) != (to == DataType.U64);
  }

  private static HawserException misfit(Path file, String name, Form form, String what) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "%s: %s; the program's argument %s is %s".formatted(file, what, name, form));
  }
}
