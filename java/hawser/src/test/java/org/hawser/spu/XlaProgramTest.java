package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.hawser.ffi.SpuLibrary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@RequiresSpu
class XlaProgramTest {
  private static final String PAIR =
      """
      func.func public @main(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>)
          -> (tensor<2x3xf32>, tensor<2x3xi1>, tensor<f32>) {
        %sum = stablehlo.add %a, %b : tensor<2x3xf32>
        %more = stablehlo.compare GT, %a, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
        %zero = stablehlo.constant dense<0.0> : tensor<f32>
        %all = stablehlo.reduce(%sum init: %zero) applies stablehlo.add across dimensions = [0, 1]
            : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
        return %sum, %more, %all : tensor<2x3xf32>, tensor<2x3xi1>, tensor<f32>
      }
      """;

  @Test
  void givesAllResults() {
    XlaProgram program = XlaProgram.compile(PAIR);

    List<Tensor> results =
        program.run(
            List.of(
                Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3),
                Tensor.of(new float[] {6, 5, 4, 3, 2, 1}, 2, 3)));

    assertEquals(3, program.results());
    assertEquals(
        List.of(
            Tensor.of(new float[] {7, 7, 7, 7, 7, 7}, 2, 3),
            Tensor.of(new boolean[] {false, false, false, true, true, true}, 2, 3),
            scalar(42)),
        results);
  }

  private static Tensor scalar(float value) {
    return Tensor.of(new float[] {value}, new long[0]);
  }

  /** Every element type goes in and out as it is, in every shape. */
  @ParameterizedTest
  @EnumSource(DataType.class)
  void takesAndGivesEveryType(DataType type) {
    for (long[] shape : new long[][] {{}, {3}, {2, 3}, {0}, {2, 0}}) {
      var values = new long[(int) Shape.elements(shape)];
      IntStream.range(0, values.length).forEach(i -> values[i] = type == DataType.I1 ? i % 2 : i);
      Tensor tensor = Tensor.of(type, values, shape);

      assertEquals(List.of(tensor, tensor), twice(type, shape).run(List.of(tensor)));
    }
  }

  private static XlaProgram twice(DataType type, long... shape) {
    String extents =
        LongStream.of(shape).mapToObj(extent -> extent + "x").collect(Collectors.joining());
    String tensor = "tensor<" + extents + type.mlir() + ">";
    return XlaProgram.compile(
        "func.func public @main(%%a: %1$s) -> (%1$s, %1$s) { return %%a, %%a : %1$s, %1$s }"
            .formatted(tensor));
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void convertsArguments(DataType from) {
    Tensor given = Tensor.of(from, new long[] {0, 1, 1}, 3);
    for (DataType to : DataType.values()) {
      Tensor wanted = Tensor.of(to, new long[] {0, 1, 1}, 3);
      assertEquals(wanted, twice(to, 3).run(List.of(given)).getFirst(), () -> from + " to " + to);
    }
  }

  @Test
  void needsNeitherArgumentsNorResults() {
    assertEquals(
        List.of(), XlaProgram.compile("func.func public @main() { return }").run(List.of()));
  }

  @Test
  void compilesOnce() {
    assertSame(XlaProgram.compile(PAIR), XlaProgram.compile(PAIR));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "garbage",
        "module { func.func @f() { return } }",
        "func.func public @main(%a: tensor<2xf32>) -> tensor<2xf32> { return %b : tensor<2xf32> }",
        "func.func public @main(%a: tensor<?xf32>) -> tensor<?xf32> { return %a : tensor<?xf32> }",
        "func.func public @main(%a: tensor<2xbf16>) -> tensor<2xbf16> { return %a : tensor<2xbf16> }",
        "func.func public @main(%a: tensor<2xi4>) -> tensor<2xi4> { return %a : tensor<2xi4> }",
        "func.func public @main(%a: tensor<complex<f32>>) { return }",
        "func.func public @main(%a: !stablehlo.token) { return }"
      })
  void tellsWhyAProgramDoesNotCompile(String program) {
    assertFails(ErrorCode.INVALID_ARGUMENT, "does not compile", () -> XlaProgram.compile(program));
  }

  /** XLA itself would call them: such a program could do anything in this process. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "@memcpy(%a)",
        "@printf(%a)",
        "@\"mem\\63py\"(%a) {backend_config = \"custom_call_target=\\\"Sharding\\\"\"}",
        "@xla_ffi_python_cpu_callback(%a) {api_version = 4 : i32, backend_config = {index = 0 : ui64}}"
      })
  void callsNoFunctionsOfTheProcess(String call) {
    String program =
        "func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> { %r = stablehlo.custom_call "
            + call
            + " : (tensor<4xf32>) -> tensor<4xf32> return %r : tensor<4xf32> }";
    assertFails(ErrorCode.UNSUPPORTED, "is not allowed", () -> XlaProgram.compile(program));
  }

  @Test
  void waitsForNoHost() {
    String program =
        """
        func.func public @main() -> tensor<4xf32> {
          %t = stablehlo.create_token : !stablehlo.token
          %r:2 = "stablehlo.infeed"(%t) : (!stablehlo.token) -> (tensor<4xf32>, !stablehlo.token)
          return %r#0 : tensor<4xf32>
        }
        """;
    assertFails(ErrorCode.UNSUPPORTED, "infeed", () -> XlaProgram.compile(program));
  }

  @Test
  void refusesOtherArguments() {
    XlaProgram program = XlaProgram.compile(PAIR);
    Tensor right = Tensor.zeros(DataType.F32, 2, 3);

    assertInvalid("1 arguments", () -> program.run(List.of(right)));
    assertInvalid("3 arguments", () -> program.run(List.of(right, right, right)));
    for (long[] shape : new long[][] {{}, {6}, {3, 2}, {2, 3, 1}, {2, 4}, {0, 3}}) {
      Tensor wrong = Tensor.zeros(DataType.F32, shape);
      assertInvalid("argument 1", () -> program.run(List.of(right, wrong)));
    }
    assertEquals(3, program.run(List.of(right, right)).size());
  }

  @Test
  void refinesOpenShapes() {
    String open =
        """
        module {
          func.func public @main(%a: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<i32>) {
            %rows = stablehlo.get_dimension_size %a, dim = 0 : (tensor<?x2xf32>) -> tensor<i32>
            %sum = stablehlo.add %a, %a : tensor<?x2xf32>
            return %sum, %rows : tensor<?x2xf32>, tensor<i32>
          }
        }
        """;
    for (int rows : new int[] {1, 5}) {
      Tensor tensor = Tensor.of(DataType.F32, new double[2 * rows], rows, 2);
      String refined = Stablehlo.refine(open, List.of(new long[] {rows, 2}));

      List<Tensor> results = XlaProgram.compile(refined).run(List.of(tensor));

      assertEquals(tensor, results.getFirst());
      assertEquals(rows, results.getLast().getLong());
    }
    assertInvalid("not for", () -> Stablehlo.refine(open, List.of(new long[] {3, 3})));
    assertInvalid("not for", () -> Stablehlo.refine(open, List.of(new long[] {3, 2}, new long[0])));
    assertInvalid("no function main", () -> Stablehlo.refine("module {}", List.of()));
    assertInvalid("not for", () -> Stablehlo.refine("garbage", List.of()));
  }

  @Test
  void manyThreadsCompileAndRunAtOnce() throws Exception {
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<Double>> futures = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        double value = i;
        futures.add(
            threads.submit(
                () -> {
                  XlaProgram program = XlaProgram.compile(scaling((int) value % 4));
                  Tensor tensor = Tensor.of(DataType.F64, new double[] {value, 1}, 2);
                  return program.run(List.of(tensor)).getFirst().getDouble(0);
                }));
      }
      for (int i = 0; i < 64; i++) {
        assertEquals(i * (i % 4), futures.get(i).get(60, TimeUnit.SECONDS));
      }
    }
  }

  private static String scaling(int factor) {
    return """
    func.func public @main(%%a: tensor<2xf64>) -> tensor<2xf64> {
      %%c = stablehlo.constant dense<%d.0> : tensor<2xf64>
      %%r = stablehlo.multiply %%a, %%c : tensor<2xf64>
      return %%r : tensor<2xf64>
    }
    """
        .formatted(factor);
  }

  /** What is compiled long ago goes, and so do arguments and results. */
  @Test
  void keepsNothingButProgramsCompiledLately() throws Exception {
    for (int i = 0; i < XlaPrograms.MOST + 20; i++) {
      Tensor tensor = scalar(i);
      assertEquals(tensor, twice(DataType.F32).run(List.of(tensor)).get(1));
      XlaProgram.compile("func.func public @main() { return } // " + i);
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (SpuLibrary.reclaim().objects() > XlaPrograms.MOST + 100 && System.nanoTime() < end) {
      System.gc();
      Thread.sleep(20);
    }
    assertTrue(SpuLibrary.reclaim().objects() <= XlaPrograms.MOST + 100);
  }

  private static void assertInvalid(String reason, Runnable action) {
    assertFails(ErrorCode.INVALID_ARGUMENT, reason, action);
  }

  private static void assertFails(ErrorCode code, String reason, Runnable action) {
    var failure = assertThrows(HawserException.class, action::run);
    assertEquals(code, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
  }
}
