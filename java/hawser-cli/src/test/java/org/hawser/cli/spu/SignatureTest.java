package org.hawser.cli.spu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.hawser.cli.spu.Signature.Argument;
import org.hawser.spu.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a program's text tells of its main function. */
class SignatureTest {
  private static Optional<Signature> parse(String text) {
    return Signature.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void attributesAndTextsWithBracketsDoNotConfuse() {
    Signature signature =
        parse(
                """
                module @f attributes {mhlo.num_partitions = 1 : i32} {
                  func.func private @helper(%arg0: tensor<7xf32>) -> tensor<7xf32>
                  func.func public @main(%arg0: tensor<4x2xf32> {mhlo.sharding = "{(a, b)"},
                      %y: tensor<i1>, %z: tensor<3x!pphlo.secret<ui8>>)
                      -> (tensor<4xi1> {jax.result_info = "a\\") -> b, c"}, tensor<i32>) {
                """)
            .orElseThrow();
    assertEquals(List.of("arg0", "y", "z"), signature.argumentNames());
    assertEquals(2, signature.results());
    assertForm(signature.arguments().get(0), DataType.F32, 4, 2);
    assertForm(signature.arguments().get(1), DataType.I1);
    assertForm(signature.arguments().get(2), DataType.U8, 3);
  }

  private static void assertForm(Argument argument, DataType type, long... shape) {
    assertEquals(type, argument.form().orElseThrow().type());
    assertArrayEquals(shape, argument.form().orElseThrow().shape());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          func.func @main() -> tensor<2xf32> {       | 0 | 1
          func.func @main() {                        | 0 | 0
          func.func @main(%a: tensor<f32>) -> () {   | 1 | 0
          """)
  void argumentsAndResultsAreCounted(String text, int arguments, int results) {
    Signature signature = parse(text).orElseThrow();
    assertEquals(arguments, signature.arguments().size());
    assertEquals(results, signature.results());
  }

  @Test
  void whatLibspuLacksHasNoForm() {
    Signature signature =
        parse("func.func @main(%a: tensor<2xcomplex<f32>>, %b: tensor<?x2xf32>, %c: tensor<bf16>)")
            .orElseThrow();
    assertEquals(List.of("a", "b", "c"), signature.argumentNames());
    assertTrue(signature.arguments().stream().allMatch(each -> each.form().isEmpty()));
  }

  @Test
  void otherThanTextHasNone() {
    assertEquals(Optional.empty(), parse("ML\u00efR\u0001main\u0000"));
    assertEquals(Optional.empty(), parse("func.func @other(%a: tensor<f32>)"));
  }
}
