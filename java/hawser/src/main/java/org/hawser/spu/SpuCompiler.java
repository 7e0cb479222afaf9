package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;

/** Compiles StableHLO for SPU. Needs no link; the same source always becomes the same code. */
public final class SpuCompiler {
  private static final String STABLEHLO = "stablehlo";

  private SpuCompiler() {}

  /** Compiles for inputs that are all secret. */
  public static SpuExecutable compile(SpuSource source) {
    return compile(
        source,
        Collections.nCopies(source.inputs().size(), Visibility.SECRET),
        CompilerOptions.DEFAULT);
  }

  /**
   * Compiles.
   *
   * @param visibilities one an input
   * @throws HawserException (INVALID_ARGUMENT) when it does not compile, with libspu's reason
   */
  public static SpuExecutable compile(
      SpuSource source, List<Visibility> visibilities, CompilerOptions options) {
    if (visibilities.size() != source.inputs().size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "program %s has %d inputs, but %d visibilities are given"
              .formatted(source.name(), source.inputs().size(), visibilities.size()));
    }
    List<Integer> numbers = visibilities.stream().map(Visibility::number).toList();
    try (var arena = Arena.ofConfined()) {
      MemorySegment module = arena.allocateFrom(ValueLayout.JAVA_BYTE, source.stablehlo());
      byte[] code = NativeSpu.compile(module, STABLEHLO, numbers, options.json());
      return new SpuExecutable(source.name(), source.inputs(), source.outputs(), code);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(), "program %s does not compile: %s".formatted(source.name(), e.getMessage()), e);
    }
  }
}
