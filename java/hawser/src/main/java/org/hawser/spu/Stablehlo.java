package org.hawser.spu;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.hawser.HawserException;
import org.hawser.ffi.NativeXla;

/** What is done to StableHLO programs before they are compiled, for SPU or for XLA. */
public final class Stablehlo {
  private Stablehlo() {}

  /**
   * The program with the shapes that it leaves open replaced by those that follow from its
   * arguments': what JAX exports for symbolic shapes runs nowhere without this. Needs no link, and
   * does the same at every party.
   *
   * @param shapes one an argument of main
   * @throws HawserException (INVALID_ARGUMENT) when they are not what the program is for
   */
  public static String refine(String program, List<long[]> shapes) {
    List<String> texts = shapes.stream().map(Stablehlo::text).toList();
    try {
      byte[] refined = NativeXla.refine(program.getBytes(StandardCharsets.UTF_8), texts);
      return new String(refined, StandardCharsets.UTF_8);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          "a program with open shapes is not for arguments of shapes %s: %s"
              .formatted(texts, e.getMessage()),
          e);
    }
  }

  private static String text(long[] shape) {
    return LongStream.of(shape).mapToObj(Long::toString).collect(Collectors.joining("x"));
  }
}
