package org.hawser.cli.tensor;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.Tensor;

/** Reads and writes tensors in the format that a file's name ends with. */
public final class TensorFiles {
  private TensorFiles() {}

  private enum Format {
    NPY,
    CSV
  }

  @FunctionalInterface
  private interface Action<T> {
    T run() throws IOException;
  }

  /**
   * Reads a tensor, of the type that the file says; integers of CSV are {@code I64}, other numbers
   * {@code F64}.
   *
   * @throws HawserException (INVALID_ARGUMENT) that tells what is wrong with the file, (IO) when it
   *     cannot be read
   */
  public static Tensor read(Path file) {
    return switch (format(file)) {
      case NPY -> attempt("read", file, () -> NpyFile.read(file));
      case CSV -> attempt("read", file, () -> CsvFile.read(file));
    };
  }

  /**
   * Writes a tensor, over what the file held.
   *
   * @throws HawserException (INVALID_ARGUMENT) when the format cannot hold it, (IO) when the file
   *     cannot be written
   */
  public static void write(Path file, Tensor tensor) {
    Format format = format(file);
    attempt(
        "write",
        file,
        () -> {
          switch (format) {
            case NPY -> NpyFile.write(file, tensor);
            case CSV -> CsvFile.write(file, tensor);
          }
          return null;
        });
  }

  /**
   * Sees to it that a file's name says how it is written, before there is anything to write.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it does not
   */
  public static void requireKnown(Path file) {
    format(file);
  }

  static HawserException wrong(Path file, String format, Object... values) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, file + ": " + String.format(Locale.ROOT, format, values));
  }

  private static Format format(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".npy")) {
      return Format.NPY;
    }
    if (name.endsWith(".csv")) {
      return Format.CSV;
    }
    throw wrong(file, "tensors are read from and written to files named .npy or .csv");
  }

  private static <T> T attempt(String what, Path file, Action<T> action) {
    if (what.equals("read") && !Files.isRegularFile(file)) {
      throw wrong(file, "is no file");
    }
    try {
      return action.run();
    } catch (CharacterCodingException e) {
      throw wrong(file, "is not text in UTF-8");
    } catch (IOException e) {
      throw new HawserException(
          ErrorCode.IO, "%s: cannot %s it: %s".formatted(file, what, e.getMessage()), e);
    }
  }
}
