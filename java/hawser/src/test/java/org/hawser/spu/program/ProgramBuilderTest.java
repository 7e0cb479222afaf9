package org.hawser.spu.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class ProgramBuilderTest {
  private final ProgramBuilder b = ProgramBuilder.named("p");

  @Test
  void writesAModule() {
    Value x = b.input("x", DataType.F32, 1024, 16);
    Value w = b.input("w", DataType.F32, 16);
    b.output("p", x.dot(w).add(0.5).logistic());

    Program program = b.build();

    assertEquals(
        """
        module @p {
          func.func public @main(%arg0: tensor<1024x16xf32>, %arg1: tensor<16xf32>) -> (tensor<1024xf32>) {
            %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0] : (tensor<1024x16xf32>, tensor<16xf32>) -> tensor<1024xf32>
            %1 = stablehlo.constant dense<0.5> : tensor<1024xf32>
            %2 = stablehlo.add %0, %1 : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
            %3 = stablehlo.logistic %2 : (tensor<1024xf32>) -> tensor<1024xf32>
            return %3 : tensor<1024xf32>
          }
        }
        """,
        program.stablehlo());
    assertEquals("p", program.name());
    assertEquals(
        List.of(
            new Program.Variable("x", new TensorType(DataType.F32, 1024, 16)),
            new Program.Variable("w", new TensorType(DataType.F32, 16))),
        program.inputs());
    assertEquals(
        List.of(new Program.Variable("p", new TensorType(DataType.F32, 1024))), program.outputs());
    assertEquals(List.of("x", "w"), program.source().inputs());
    assertEquals(List.of("p"), program.source().outputs());
  }

  @Test
  void writesLambdasAsRegions() {
    Value x = b.input("x", DataType.I32);
    b.output(
        "y", b.repeat(3, List.of(x), (_, state) -> List.of(state.getFirst().add(x))).getFirst());

    assertEquals(
        """
        module @p {
          func.func public @main(%arg0: tensor<i32>) -> (tensor<i32>) {
            %0 = stablehlo.constant dense<0> : tensor<i32>
            %10:2 = "stablehlo.while"(%0, %arg0) ({
              ^bb0(%1: tensor<i32>, %2: tensor<i32>):
                %3 = stablehlo.constant dense<3> : tensor<i32>
                %4 = stablehlo.compare LT, %1, %3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
                stablehlo.return %4 : tensor<i1>
            }, {
              ^bb0(%5: tensor<i32>, %6: tensor<i32>):
                %7 = stablehlo.constant dense<1> : tensor<i32>
                %8 = stablehlo.add %5, %7 : (tensor<i32>, tensor<i32>) -> tensor<i32>
                %9 = stablehlo.add %6, %arg0 : (tensor<i32>, tensor<i32>) -> tensor<i32>
                stablehlo.return %8, %9 : tensor<i32>, tensor<i32>
            }) : (tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>)
            return %10#1 : tensor<i32>
          }
        }
        """,
        b.build().stablehlo());
  }

  @Test
  void knowsTypesAndShapesOfResults() {
    Value x = f32(2, 3, 4);

    assertType("F32[4, 3, 2]", x.transpose());
    assertType("F32[3, 2, 4]", x.transpose(1, 0, 2));
    assertType("F32[6, 4]", x.reshape(6, 4));
    assertType("F32[5, 2, 3, 4]", x.broadcastTo(5, 2, 3, 4));
    assertType(
        "F32[2, 2, 1]", x.slice(new long[] {0, 0, 2}, new long[] {2, 3, 4}, new long[] {1, 2, 2}));
    assertType("F32[2, 7, 4]", b.concatenate(1, x, x, f32(2, 1, 4)));
    assertType("I1[2, 3, 4]", x.gt(0));
    assertType("I32[2, 3, 4]", x.convert(DataType.I32));
    assertType("F32[3]", x.sum(2, 0));
    assertType("F32[]", x.mean());
    assertType("F32[2, 3, 5]", x.dot(f32(4, 5)));
    assertType(
        "F32[2, 3, 6]",
        x.dot(
            f32(2, 6, 4),
            DotDimensions.contract(List.of(2), List.of(2)).batch(List.of(0), List.of(0))));
    assertType(
        "F32[4, 8, 4]",
        x.pad(f32(), new long[] {1, 1, 0}, new long[] {1, 2, 0}, new long[] {0, 1, 0}));
    assertType("F32[2, 3, 4]", f32().max(x));
    assertSame(x, x.convert(DataType.F32));
    assertArrayEquals(new long[] {2, 3, 4}, x.shape());
  }

  @Test
  void refusesWhatDoesNotFit() {
    Value x = f32(2, 3);
    Value y = f32(3, 2);
    Value i = b.input("i", DataType.I32, 2, 3);
    Value u = b.input("u", DataType.U8, 2);
    Value p = b.input("t", DataType.I1, 2, 3);

    assertRefused("add(F32[2, 3], F32[3, 2]): expected one shape, or a scalar", () -> x.add(y));
    assertRefused("multiply(F32[2, 3], I32[2, 3]): expected one element type", () -> x.multiply(i));
    assertRefused("exp(I32[2, 3]): expected floating-point numbers", i::exp);
    assertRefused("add(I1[2, 3], I1[2, 3]): expected numbers", () -> p.add(p));
    assertRefused("and(F32[2, 3], F32[2, 3]): expected integers or truth values", () -> x.and(x));
    assertRefused("abs(U8[2]): expected signed", u::abs);
    assertRefused("add(I32[2, 3]): I32 has no 0.5", () -> i.add(0.5));
    assertRefused("lt(U8[2]): U8 has no 256.0", () -> u.lt(256));
    assertRefused("constant: I1 has no 2.0", () -> b.constant(DataType.I1, 2));
    assertRefused(
        "select(F32[2, 3], F32[2, 3], F32[2, 3]): expected truth values", () -> x.select(x, x));
    assertRefused(
        "select(I1[2, 3], F32[3, 2], F32[3, 2]): expected a condition of", () -> p.select(y, y));
    assertRefused("convert to F16(F32[2, 3]): libspu converts to", () -> x.convert(DataType.F16));
    assertRefused("dot(F32[2, 3], F32[2, 3]): expected equal extents to contract", () -> x.dot(x));
    assertRefused("dot(F32[], F32[2, 3]): expected vectors", () -> f32().dot(x));
    assertRefused("reshape to [4](F32[2, 3]): expected 6 elements, not 4", () -> x.reshape(4));
    assertRefused("transpose by [0, 0](F32[2, 3]): expected each of 2", () -> x.transpose(0, 0));
    assertRefused(
        "broadcast to [2, 4] in [0, 1](F32[2, 3]): expected extent 1 or 4",
        () -> x.broadcastTo(2, 4));
    assertRefused(
        "concatenate along 0(F32[2, 3], F32[3, 2]): expected", () -> b.concatenate(0, x, y));
    assertRefused(
        "(F32[2, 3]): expected 0 <= start", () -> x.slice(new long[] {0, 2}, new long[] {2, 4}));
    assertRefused("pad with", () -> x.pad(x, new long[2], new long[2], new long[2]));
    assertRefused(
        "sum(F32[2, 3]): expected different dimensions of 0 to 1, not [2]", () -> x.sum(2));
    assertRefused(
        "dynamicSlice of [1, 1](F32[2, 3], F32[], F32[]): expected scalar integers",
        () -> x.dynamicSlice(List.of(f32(), f32()), 1, 1));
    assertRefused("any(F32[2, 3]): expected truth values", x::any);
    assertRefused("mean(I32[2, 3]): expected floating-point", i::mean);
    assertRefused("maximum(F32[0]): expected at least one element", () -> f32(0).maximum());
    assertRefused("iota: expected", () -> b.iota(DataType.F32, 1, 3));
    assertRefused(
        "sort(F32[2, 3], F32[3, 2]): expected one shape",
        () -> b.sort(List.of(x, y), 0, (l, r) -> l.get(0).lt(r.get(0))));
  }

  @Test
  void refusesLambdasThatLibspuCannotRun() {
    Value x = f32(4);
    Value limit = f32();
    Value zero = b.constant(DataType.F32, 0);
    var escaped = new ArrayList<Value>();

    assertRefused(
        "a reducer uses only its parameters", () -> x.reduce(zero, (l, r) -> l.add(r).min(limit)));
    assertRefused(
        "libspu takes no constants within a reducer",
        () -> x.reduce(zero, (l, r) -> l.add(r).min(3)));
    assertRefused(
        "a comparator uses only its parameters",
        () -> b.sort(List.of(x), 0, (l, _) -> l.get(0).lt(limit)));
    assertRefused(
        "sort: a comparator returns [F32[]]: expected [I1[]]",
        () -> b.sort(List.of(x), 0, (l, _) -> l.get(0)));
    assertRefused(
        "loop: a loop's lambda returns [F32[4], F32[4]]: expected [F32[4]]",
        () -> b.loop(List.of(x), s -> s.get(0).sum().lt(3), s -> List.of(s.get(0), s.get(0))));
    b.repeat(
        2,
        List.of(x),
        (_, state) -> {
          escaped.add(state.getFirst().add(1));
          return escaped;
        });
    assertRefused("a value of a loop's lambda is used outside it", () -> escaped.getFirst().add(x));
  }

  @Test
  void refusesWhatBelongsElsewhere() {
    Value x = f32(2);
    Value other = ProgramBuilder.named("other").input("x", DataType.F32, 2);

    assertRefused("expected values of one program", () -> x.add(other));
    assertRefused("input 'in1': expected a name of its own", () -> b.input("in1", DataType.F32));
    assertRefused("build: expected at least one output", b::build);
    b.output("y", x);
    assertRefused("output 'y': expected a name of its own", () -> b.output("y", x));
    b.build();
    assertRefused("add: the program is built", () -> x.add(x));
    assertRefused("build: the program is built", b::build);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1st", "a b", "a\"b", "ä"})
  void refusesNamesThatStablehloHasNot(String name) {
    assertEquals(
        ErrorCode.INVALID_ARGUMENT,
        assertThrows(HawserException.class, () -> ProgramBuilder.named(name)).code());
  }

  @Test
  void refusesShapesThatCannotBe() {
    for (long[] shape : List.of(new long[] {2, -1}, new long[] {1L << 32, 1L << 32})) {
      assertEquals(
          ErrorCode.INVALID_ARGUMENT,
          assertThrows(HawserException.class, () -> b.input("x", DataType.F32, shape)).code());
    }
  }

  @Test
  void textHasNoLocale() {
    Locale before = Locale.getDefault();
    String text = sortedSlice();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertEquals("\u0661", "%d".formatted(1));
      assertEquals(text, sortedSlice());
    } finally {
      Locale.setDefault(before);
    }
  }

  private static String sortedSlice() {
    var builder = ProgramBuilder.named("p");
    Value x = builder.input("x", DataType.F32, 10, 4);
    Value part = x.slice(new long[] {1, 0}, new long[] {9, 4}).sort(1);
    builder.output("y", part.pad(x.sum(), new long[] {1, 2}, new long[2], new long[2]).mean(0));
    return builder.build().stablehlo();
  }

  @Test
  void constantsAreReadBackAsTheyWere() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertEquals("0.1", Literals.of(DataType.F32, 0.1));
      assertEquals("1.0E10", Literals.of(DataType.F64, 1e10));
      assertEquals("-0.0", Literals.of(DataType.F32, -0.0));
      assertEquals("0x7FC00000", Literals.of(DataType.F32, Double.NaN));
      assertEquals("0xFF800000", Literals.of(DataType.F32, Double.NEGATIVE_INFINITY));
      assertEquals("0x7FF0000000000000", Literals.of(DataType.F64, Double.POSITIVE_INFINITY));
      assertEquals("0x7C00", Literals.of(DataType.F16, Double.POSITIVE_INFINITY));
      assertEquals("-128", Literals.of(DataType.I8, -128));
      assertEquals("9007199254740992", Literals.of(DataType.I64, 0x1p53));
      assertEquals("[[1, 2], [3, 4]]", Literals.of(Tensor.of(new int[] {1, 2, 3, 4}, 2, 2)));
      assertEquals("[true, false]", Literals.of(Tensor.of(new boolean[] {true, false}, 2)));
      assertEquals("18446744073709551615", Literals.of(Tensor.of(DataType.U64, new long[] {-1})));
      assertEquals("", Literals.of(Tensor.of(new int[0], 0)));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void logisticRegressionRefusesWhatItCannotTrain() {
    LogisticRegression regression = LogisticRegression.of(64, 3, 5);

    assertEquals(8, regression.features());
    assertThrows(HawserException.class, () -> regression.withBatch(10));
    assertThrows(HawserException.class, () -> regression.withLearningRate(Double.NaN));
    assertThrows(HawserException.class, () -> LogisticRegression.of(64, 0));
    assertThrows(HawserException.class, () -> regression.training(0));
  }

  private int inputs;

  private Value f32(long... shape) {
    return b.input("in" + ++inputs, DataType.F32, shape);
  }

  private static void assertType(String expected, Value value) {
    assertEquals(expected, value.toString());
  }

  private static void assertRefused(String expected, Executable operation) {
    HawserException e = assertThrows(HawserException.class, operation);
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
    assertTrue(
        e.getMessage().startsWith("program p: ") && e.getMessage().contains(expected),
        e.getMessage());
  }
}
