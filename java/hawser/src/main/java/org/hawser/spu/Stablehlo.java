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

  /** A tensor's type as StableHLO writes it, such as {@code tensor<2x3xf32>}. */
  public static String type(DataType type, long... shape) {
    String extents =
        LongStream.of(shape).mapToObj(extent -> extent + "x").collect(Collectors.joining());
    return "tensor<" + extents + type.mlir() + ">";
  }

  /**
   * The program with the shapes that it leaves open replaced by those that follow from its
   * arguments': what JAX exports for symbolic shapes runs nowhere without this. Needs no link, and
   * does the same at every party.
   *
   * @param types one an argument of main, as {@link #type} writes them
   * @throws HawserException (INVALID_ARGUMENT) when they are not what the program is for
   */
  public static String refine(String program, List<String> types) {
    try {
      byte[] refined = NativeXla.refine(program.getBytes(StandardCharsets.UTF_8), types);
      return new String(refined, StandardCharsets.UTF_8);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          "a program with open shapes is not for arguments of %s: %s"
              .formatted(types, e.getMessage()),
          e);
    }
  }
}
