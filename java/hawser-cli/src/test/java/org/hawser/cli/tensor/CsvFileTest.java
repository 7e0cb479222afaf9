package org.hawser.cli.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tensors as lines of numbers. */
class CsvFileTest {
  @TempDir private Path folder;

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("numbers.csv"), content);
  }

  @Test
  void integersStayIntegers() throws Exception {
    Tensor expected = Tensor.of(new long[] {1, -2, Long.MAX_VALUE, Long.MIN_VALUE}, 2, 2);
    assertEquals(
        expected, TensorFiles.read(file("1,-2\n9223372036854775807,-9223372036854775808\n")));
  }

  @Test
  void oneFractionMakesAllOfThemFloatingPoint() throws Exception {
    Tensor expected = Tensor.of(new double[] {1, 2, 3, -4.5e-3, 0.5, 6}, 3, 2);
    assertEquals(expected, TensorFiles.read(file("1,2\n3,-4.5e-3\n.5,6")));
  }

  @Test
  void integersThatNoLongHoldsAreFloatingPoint() throws Exception {
    assertEquals(
        Tensor.of(new double[] {1e19, 1}, 2), TensorFiles.read(file("10000000000000000000\n1\n")));
  }

  @Test
  void namesBlanksAndBlankLinesDoNotCount() throws Exception {
    Tensor expected = Tensor.of(new long[] {1, 2}, 1, 2);
    assertEquals(expected, TensorFiles.read(file("\ufeffage,\"income\"\r\n 1 ,\t2\r\n\r\n")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          1,2;3          | line 2 has 1 fields, the lines before have 2
          a,b;1,2,3      | line 2 has 3 fields, the lines before have 2
          1,x            | line 1, field 2: "x" is no number
          1,2;3,         | line 2, field 2: "" is no number
          1,2;3,4f       | line 2, field 2: "4f" is no number
          1,2;3,NaN      | line 2, field 2: "NaN" is no number
          1,2;3,1e999    | line 2, field 2: 1e999 is too large
          a,b            | holds no numbers
          ;              | holds no numbers
          """)
  void whatIsWrongIsToldWithItsPlace(String lines, String expected) throws Exception {
    assertRefused(file(lines.strip().replace(';', '\n')), expected);
  }

  @Test
  void otherThanUtf8IsRefused() throws Exception {
    Path file = Files.write(folder.resolve("latin.csv"), new byte[] {'1', (byte) 0xe4, '\n'});
    assertRefused(file, "is not text in UTF-8");
  }

  private static void assertRefused(Path file, String expected) {
    var failure = assertThrows(HawserException.class, () -> TensorFiles.read(file));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().startsWith(file + ": "), failure::getMessage);
    assertTrue(failure.getMessage().contains(expected), failure::getMessage);
  }

  @Test
  void whatIsWrittenReadsTheSame() throws Exception {
    Path file = folder.resolve("out.csv");
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      Tensor tensor = Tensor.of(new double[] {0.1, -1e300, 3, Math.PI}, 2, 2);
      TensorFiles.write(file, tensor);
      assertEquals(tensor, TensorFiles.read(file));
    } finally {
      Locale.setDefault(before);
    }
    TensorFiles.write(file, Tensor.of(new float[] {0.1f, 2}, 2));
    assertEquals("0.1\n2.0\n", Files.readString(file));
    TensorFiles.write(file, Tensor.of(new boolean[] {true, false}, 1, 2));
    assertEquals("1,0\n", Files.readString(file));
    TensorFiles.write(file, Tensor.of(DataType.U64, new long[] {-1}));
    assertEquals("18446744073709551615\n", Files.readString(file));
  }

  @Test
  void moreThanTwoDimensionsAreForNpy() {
    var failure =
        assertThrows(
            HawserException.class,
            () -> TensorFiles.write(folder.resolve("a.csv"), Tensor.zeros(DataType.F64, 2, 2, 2)));
    assertTrue(failure.getMessage().contains("write a .npy file"), failure::getMessage);
  }
}
