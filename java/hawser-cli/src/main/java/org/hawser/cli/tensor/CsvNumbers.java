package org.hawser.cli.tensor;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.hawser.spu.Tensor;

/** The numbers of a CSV file, line by line. One thread. */
final class CsvNumbers {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");
  private static final int INITIAL = 1024;

  private final Path file;
  private int line;
  private int columns;
  private long rows;
  private int count;
  private double[] doubles = new double[INITIAL];

  /** The same numbers exactly, as long as all are integers; null from then on. */
  private long[] longs = new long[INITIAL];

  CsvNumbers(Path file) {
    this.file = file;
  }

  /** Takes the next line; blank ones do not count. */
  void add(String text) {
    line++;
    if (text.isBlank()) {
      return;
    }
    String[] fields = text.split(",", -1);
    Arrays.setAll(fields, i -> fields[i].strip());
    if (columns == 0) {
      columns = fields.length;
      if (Arrays.stream(fields).allMatch(CsvNumbers::isName)) {
        return;
      }
    }
    if (fields.length != columns) {
      throw TensorFiles.wrong(
          file, "line %d has %d fields, the lines before have %d", line, fields.length, columns);
    }
    for (int i = 0; i < columns; i++) {
      add(fields[i], i + 1);
    }
    rows++;
  }

  private static boolean isName(String field) {
    return !field.isEmpty() && !NUMBER.matcher(field).matches();
  }

  private void add(String field, int column) {
    if (!NUMBER.matcher(field).matches()) {
      throw TensorFiles.wrong(file, "line %d, field %d: \"%s\" is no number", line, column, field);
    }
    if (count == doubles.length) {
      doubles = Arrays.copyOf(doubles, 2 * count);
      longs = longs == null ? null : Arrays.copyOf(longs, 2 * count);
    }
    doubles[count] = Double.parseDouble(field);
    if (Double.isInfinite(doubles[count])) {
      throw TensorFiles.wrong(file, "line %d, field %d: %s is too large", line, column, field);
    }
    if (longs != null) {
      addExactly(field);
    }
    count++;
  }

  private void addExactly(String field) {
    try {
      longs[count] = Long.parseLong(field);
    } catch (NumberFormatException e) {
      longs = null;
    }
  }

  Tensor tensor() {
    if (rows == 0) {
      throw TensorFiles.wrong(file, "holds no numbers");
    }
    long[] shape = columns == 1 ? new long[] {rows} : new long[] {rows, columns};
    return longs == null
        ? Tensor.of(Arrays.copyOf(doubles, count), shape)
        : Tensor.of(Arrays.copyOf(longs, count), shape);
  }
}
