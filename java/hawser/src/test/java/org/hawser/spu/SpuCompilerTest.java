package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@RequiresSpu
class SpuCompilerTest {
  private static final List<Visibility> SECRETS = List.of(Visibility.SECRET, Visibility.SECRET);

  @Test
  void compilesTextToTheSameCodeEachTime() {
    SpuExecutable executable = SpuCompiler.compile(Programs.compare(4));

    assertEquals("compare(x, y) -> z", executable.toString());
    assertTrue(executable.code().length > 0);
    assertArrayEquals(executable.code(), SpuCompiler.compile(Programs.compare(4)).code());
  }

  @Test
  void readsAFile(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("compare.mlir");
    Files.write(file, Programs.compare(4).stablehlo());

    SpuSource source = SpuSource.read(file, List.of("x", "y"), List.of("z"));

    assertEquals("compare.mlir", source.name());
    assertArrayEquals(
        SpuCompiler.compile(Programs.compare(4)).code(), SpuCompiler.compile(source).code());
    var missing =
        assertThrows(
            HawserException.class,
            () -> SpuSource.read(folder.resolve("none"), List.of(), List.of()));
    assertEquals(ErrorCode.IO, missing.code());
  }

  @Test
  void libspuTakesEveryOption(@TempDir Path folder) {
    CompilerOptions options =
        CompilerOptions.builder()
            .enablePrettyPrint(false)
            .prettyPrintDumpDir(folder.toString())
            .xlaPpKind(CompilerOptions.XlaPrettyPrintKind.DOT)
            .disableSqrtPlusEpsilonRewrite(true)
            .disableDivSqrtRewrite(true)
            .disableReduceTruncationOptimization(true)
            .disableMaxpoolingOptimization(true)
            .disallowMixTypesOpts(true)
            .disableSelectOptimization(true)
            .enableOptimizeDenominatorWithBroadcast(true)
            .disableDeallocationInsertion(true)
            .disablePartialSortOptimization(true)
            .build();

    assertTrue(SpuCompiler.compile(Programs.compare(4), SECRETS, options).code().length > 0);
  }

  @Test
  void saysWhyAProgramDoesNotCompile() {
    assertInvalid("garbage", new SpuSource("garbage", "this is no MLIR", List.of(), List.of()));
    assertInvalid("garbage", new SpuSource("garbage", new byte[] {0, 1, 2}, List.of(), List.of()));
    String text = new String(Programs.compare(4).stablehlo());
    assertInvalid("types", source("types", text.replace("tensor<4xi1>", "tensor<5xi1>")));
    assertInvalid("operation", source("operation", text.replace("compare", "compair")));
    assertInvalid("result", source("result", text.replace("return %0", "return %7")));
  }

  @Test
  void countsVisibilities() {
    var failure =
        assertThrows(
            HawserException.class,
            () ->
                SpuCompiler.compile(
                    Programs.compare(4), List.of(Visibility.SECRET), CompilerOptions.DEFAULT));
    assertEquals(
        "program compare has 2 inputs, but 1 visibilities are given", failure.getMessage());
  }

  private static SpuSource source(String name, String text) {
    return new SpuSource(name, text, List.of("x", "y"), List.of("z"));
  }

  private static void assertInvalid(String name, SpuSource source) {
    Executable compilation = () -> SpuCompiler.compile(source);
    var failure = assertThrows(HawserException.class, compilation);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    String prefix = "program " + name + " does not compile: ";
    assertTrue(failure.getMessage().startsWith(prefix), failure.getMessage());
    assertTrue(failure.getMessage().length() > prefix.length() + 10, failure.getMessage());
  }
}
