package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  @ParameterizedTest
  @EnumSource(DataType.class)
  void keepsValuesOfEveryType(DataType type) {
    double[] values = type == DataType.I1 ? new double[] {0, 1, 1} : new double[] {0, 1, 100};

    Tensor tensor = Tensor.of(type, values, 3);

    assertEquals(3L * type.bytes(), tensor.data().byteSize());
    assertArrayEquals(values, tensor.toDoubles());
    assertArrayEquals(new boolean[] {false, true, true}, tensor.toBooleans());
    assertEquals(tensor, Tensor.of(type, tensor.toLongs(), 3));
  }

  @Test
  void readsUnsignedTypesAsSuch() {
    assertEquals(255, Tensor.of(DataType.U8, new long[] {-1}, 1).getLong(0));
    assertEquals(65535, Tensor.of(DataType.U16, new long[] {-1}, 1).getLong(0));
    assertEquals(4294967295L, Tensor.of(DataType.U32, new long[] {-1}, 1).getLong(0));
    assertEquals(0x1p64, Tensor.of(DataType.U64, new long[] {-1}, 1).getDouble(0));
    assertEquals(-1, Tensor.of(DataType.I64, new long[] {-1}, 1).getDouble(0));
  }

  @Test
  void roundsToHalfPrecision() {
    Tensor half = Tensor.of(DataType.F16, new double[] {0.1, -2.5, 65504}, 3);

    assertArrayEquals(new double[] {0.0999755859375, -2.5, 65504}, half.toDoubles());
  }

  @Test
  void isRowMajor() {
    Tensor matrix = Tensor.of(new int[] {1, 2, 3, 4, 5, 6}, 2, 3);

    assertEquals(4, matrix.getLong(1, 0));
    assertEquals(3, matrix.getDouble(0, 2));
    assertEquals(5, matrix.reshape(3, 2).getLong(2, 0));
    assertInvalid("no element at [2, 0]", () -> matrix.getLong(2, 0));
    assertInvalid("no element at [1]", () -> matrix.getLong(1));
  }

  @Test
  void aScalarHasNoDimensionAndOneElement() {
    Tensor scalar = Tensor.of(new double[] {4.5});

    assertEquals(0, scalar.rank());
    assertEquals(1, scalar.elements());
    assertEquals(4.5, scalar.getDouble());
  }

  @Test
  void mayBeEmpty() {
    Tensor empty = Tensor.of(new float[0], 0, 7);

    assertEquals(0, empty.elements());
    assertEquals(0, empty.toDoubles().length);
  }

  @Test
  void equalsByTypeShapeAndBits() {
    Tensor tensor = Tensor.of(new long[] {1, 2}, 2);

    assertEquals(Tensor.of(new long[] {1, 2}, 2), tensor);
    assertEquals(Tensor.of(new long[] {1, 2}, 2).hashCode(), tensor.hashCode());
    assertNotEquals(Tensor.of(new long[] {1, 2}, 2, 1), tensor);
    assertNotEquals(Tensor.of(DataType.U64, new long[] {1, 2}, 2), tensor);
    assertNotEquals(Tensor.of(new long[] {1, 3}, 2), tensor);
    assertFalse(tensor.toString().contains("1, 2"), "elements may be secrets");
  }

  @Test
  void viewsMemoryWithoutACopy() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(16);
      Tensor tensor = Tensor.of(DataType.F64, new long[] {2}, memory);

      Elements.putDouble(DataType.F64, memory, 1, 7);

      assertEquals(7, tensor.getDouble(1));
    }
  }

  @Test
  void refusesMemoryThatDoesNotFit() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(16);
      assertInvalid(
          "F64[3] has 24 bytes, not 16", () -> Tensor.of(DataType.F64, new long[] {3}, memory));
    }
    var onHeap = MemorySegment.ofArray(new byte[8]);
    assertInvalid("outside the heap", () -> Tensor.of(DataType.F64, new long[] {1}, onHeap));
  }

  @Test
  void refusesShapesThatDoNotFit() {
    assertInvalid("F32[2, 2] has 4 elements, not 3", () -> Tensor.of(new float[3], 2, 2));
    assertInvalid("negative", () -> Tensor.zeros(DataType.I8, 2, -1));
    assertInvalid("too many", () -> Tensor.zeros(DataType.I8, Long.MAX_VALUE, 2));
    assertInvalid("too large", () -> Tensor.zeros(DataType.F64, Long.MAX_VALUE / 2));
  }

  private static void assertInvalid(String reason, Executable executable) {
    var failure = assertThrows(HawserException.class, executable);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
  }
}
