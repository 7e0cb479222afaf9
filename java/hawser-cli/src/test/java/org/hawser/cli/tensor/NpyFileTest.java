package org.hawser.cli.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that NumPy wrote (they lie among the resources), and what is wrong with others. */
class NpyFileTest {
  private static final double[] NUMBERS = {-1.5, 0, 2.25, 3, -4.5, 100};

  @TempDir private Path folder;

  private static Path numpy(String name) throws URISyntaxException {
    return Path.of(NpyFileTest.class.getResource(name).toURI());
  }

  /** What NumPy was told to write. */
  private static Tensor expected(DataType type) {
    if (type == DataType.I1) {
      return Tensor.of(type, new long[] {1, 0, 1, 0, 1, 0}, 2, 3);
    }
    if (type.isFloating()) {
      return Tensor.of(type, NUMBERS, 2, 3);
    }
    int bits = 8 * type.bytes();
    return type.isUnsigned()
        ? Tensor.of(type, new long[] {1, 0, 2, 3, 4, -1L >>> (64 - bits)}, 2, 3)
        : Tensor.of(type, new long[] {-1, 0, 2, 3, -4, -1L << (bits - 1)}, 2, 3);
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeIsReadAndWrittenAsNumpyDoes(DataType type) throws Exception {
    Path written = numpy(type.mlir() + ".npy");
    assertEquals(expected(type), TensorFiles.read(written));
    Path copy = folder.resolve("copy.npy");
    TensorFiles.write(copy, expected(type));
    assertEquals(-1, Files.mismatch(written, copy));
  }

  @ParameterizedTest
  @CsvSource({
    "version-2, F64",
    "version-3, F64",
    "other-byte-order, F64",
    "columns-first, F32",
  })
  void otherFormsOfTheSameNumbersAreRead(String name, DataType type) throws Exception {
    assertEquals(Tensor.of(type, NUMBERS, 2, 3), TensorFiles.read(numpy(name + ".npy")));
  }

  @Test
  void columnsFirstWorksForMoreThanTwoDimensions() throws Exception {
    int[] numbers = LongStream.range(0, 24).mapToInt(i -> (int) i).toArray();
    assertEquals(Tensor.of(numbers, 2, 3, 4), TensorFiles.read(numpy("three-dimensions.npy")));
  }

  @Test
  void scalarsAndEmptyArraysAreArrays() throws Exception {
    Tensor scalar = TensorFiles.read(numpy("scalar.npy"));
    assertEquals(0, scalar.rank());
    assertEquals(2.5, scalar.getDouble());
    Tensor empty = TensorFiles.read(numpy("empty.npy"));
    assertArrayEquals(new long[] {0, 3}, empty.shape());
    for (String name : new String[] {"scalar.npy", "empty.npy"}) {
      Path copy = folder.resolve(name);
      TensorFiles.write(copy, TensorFiles.read(numpy(name)));
      assertEquals(-1, Files.mismatch(numpy(name), copy));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          complex.npy  | elements of type '<c16'
          records.npy  | elements of type [
          """)
  void typesThatLibspuLacksAreNamed(String name, String expected) throws Exception {
    assertRefused(numpy(name), expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      textBlock =
          """
          {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3),   ; no dictionary
          {'descr': '<f8', 'shape': (2, 3)}                            ; without descr, fortran_order and shape
          {'descr': '<f8', 'fortran_order': False, 'shape': (2, -3)}   ; a shape that is none
          {'descr': '<f8', 'fortran_order': False, 'shape': (2 3)}     ; a shape that is none
          {'descr': '<f8', 'fortran_order': False, 'shape': (2,)}      ; holds 48 bytes of elements
          {'descr': '<f8', 'fortran_order': False, 'shape': (7,)}      ; 'shape': (7,), } takes
          {'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999)}   ; is not what
          {'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}   ; a shape that is too large
          {'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999,)}   ; is not what
          {'descr': '|b1', 'fortran_order': False, 'shape': (48,)}     ; neither 0 nor 1
          """)
  void headersThatAreWrongAreRefused(String header, String expected) throws Exception {
    assertRefused(withHeader(header), expected);
  }

  private Path withHeader(String header) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.US_ASCII);
    byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length, 0};
    byte[] all = Arrays.copyOf(start, start.length + text.length + 48);
    System.arraycopy(text, 0, all, start.length, text.length);
    all[all.length - 1] = 7;
    return Files.write(folder.resolve("wrong.npy"), all);
  }

  @Test
  void filesThatAreNoneOfNumpysAreRefused() throws Exception {
    byte[] right = Files.readAllBytes(numpy("f64.npy"));
    assertRefused(Files.write(folder.resolve("empty.npy"), new byte[0]), "ends too early");
    assertRefused(
        Files.write(folder.resolve("half.npy"), Arrays.copyOf(right, 40)), "ends too early");
    byte[] text = right.clone();
    text[0] = ' ';
    assertRefused(Files.write(folder.resolve("text.npy"), text), "does not begin");
    byte[] later = right.clone();
    later[6] = 4;
    assertRefused(Files.write(folder.resolve("later.npy"), later), "version 4");
    assertRefused(folder.resolve("missing.npy"), "is no file");
    assertRefused(folder.resolve("array.txt"), "named .npy or .csv");
  }

  private static void assertRefused(Path file, String expected) {
    var failure = assertThrows(HawserException.class, () -> TensorFiles.read(file));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().startsWith(file + ": "), failure::getMessage);
    assertTrue(failure.getMessage().contains(expected), failure::getMessage);
  }
}
