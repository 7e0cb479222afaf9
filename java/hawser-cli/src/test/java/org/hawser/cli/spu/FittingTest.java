package org.hawser.cli.spu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.hawser.HawserException;
import org.hawser.cli.spu.Signature.Form;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as a program's arguments. */
class FittingTest {
  @TempDir private Path folder;

  private Tensor fit(String name, Tensor tensor, DataType type, long... shape) {
    Path file = folder.resolve(name);
    TensorFiles.write(file, tensor);
    return Fitting.read(file, "x", new Form(type, shape));
  }

  private void assertMisfit(
      String expected, String name, Tensor tensor, DataType type, long... shape) {
    var failure = assertThrows(HawserException.class, () -> fit(name, tensor, type, shape));
    assertTrue(failure.getMessage().startsWith(folder.resolve(name) + ": "), failure::getMessage);
    assertTrue(failure.getMessage().contains(expected), failure::getMessage);
    assertTrue(failure.getMessage().contains("argument x is " + type), failure::getMessage);
  }

  @Test
  void precisionMayBeLost() {
    Tensor doubles = Tensor.of(new double[] {0.1, -2}, 2);
    assertEquals(Tensor.of(new float[] {0.1f, -2}, 2), fit("x.npy", doubles, DataType.F32, 2));
    Tensor integers = Tensor.of(new int[] {7, -2}, 2);
    assertEquals(Tensor.of(new double[] {7, -2}, 2), fit("x.npy", integers, DataType.F64, 2));
  }

  @Test
  void valuesMayNotChange() {
    String expected = "holds values that are none of its type's";
    assertMisfit(expected, "x.npy", Tensor.of(new double[] {0.5}, 1), DataType.I32, 1);
    assertMisfit(expected, "x.npy", Tensor.of(new long[] {128}, 1), DataType.I8, 1);
    assertMisfit(expected, "x.npy", Tensor.of(new long[] {-1}, 1), DataType.U64, 1);
    assertMisfit(expected, "x.npy", Tensor.of(new int[] {2}, 1), DataType.I1, 1);
    assertEquals(
        Tensor.of(DataType.U8, new long[] {255}, 1),
        fit("x.npy", Tensor.of(new long[] {255}, 1), DataType.U8, 1));
    assertEquals(
        Tensor.of(new int[] {3}, 1), fit("x.npy", Tensor.of(new double[] {3}, 1), DataType.I32, 1));
  }

  @Test
  void csvTakesTheArgumentsShape() {
    Tensor six = Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 6);
    assertEquals(six.reshape(2, 1, 3), fit("x.csv", six, DataType.I64, 2, 1, 3));
    assertMisfit("holds I64[6]", "x.csv", six, DataType.I64, 7);
  }

  @Test
  void npyHasAShapeOfItsOwn() {
    Tensor six = Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 6);
    assertMisfit("holds I64[6]", "x.npy", six, DataType.I64, 2, 3);
  }
}
