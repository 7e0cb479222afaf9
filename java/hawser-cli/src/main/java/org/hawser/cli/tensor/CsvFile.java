package org.hawser.cli.tensor;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;

/**
 * Numbers in lines, separated by commas. A first line without any number holds the columns' names,
 * and is skipped.
 */
final class CsvFile {
  private static final String BYTE_ORDER_MARK = "\ufeff";

  private CsvFile() {}

  /** A file of one column has one dimension, others have two. */
  static Tensor read(Path file) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      var numbers = new CsvNumbers(file);
      String line = reader.readLine();
      if (line != null && line.startsWith(BYTE_ORDER_MARK)) {
        line = line.substring(BYTE_ORDER_MARK.length());
      }
      while (line != null) {
        numbers.add(line);
        line = reader.readLine();
      }
      return numbers.tensor();
    }
  }

  /** One line a row; one number a line where there is one dimension or none. */
  static void write(Path file, Tensor tensor) throws IOException {
    if (tensor.rank() > 2) {
      throw TensorFiles.wrong(
          file, "CSV holds rows and columns, not %d dimensions; write a .npy file", tensor.rank());
    }
    long columns = tensor.rank() == 2 ? tensor.shape()[1] : 1;
    Tensor flat = tensor.reshape(tensor.elements());
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      for (long i = 0; i < flat.elements(); i++) {
        writer.write(text(flat, i));
        writer.write((i + 1) % columns == 0 ? '\n' : ',');
      }
    }
  }

  /** As few digits as tell the number apart from its neighbours. */
  private static String text(Tensor flat, long i) {
    DataType type = flat.type();
    if (type == DataType.F64) {
      return Double.toString(flat.getDouble(i));
    }
    if (type.isFloating()) {
      return Float.toString((float) flat.getDouble(i));
    }
    long value = flat.getLong(i);
    return type == DataType.U64 ? Long.toUnsignedString(value) : Long.toString(value);
  }
}
