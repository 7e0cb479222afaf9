package org.hawser.spu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A program to compile: a StableHLO module whose function {@code main} is run.
 *
 * @param name for messages
 * @param stablehlo its text in UTF-8, or MLIR byte code; not copied
 * @param inputs the variables that become main's arguments, in their order
 * @param outputs the variables that main's results become, in their order
 */
public record SpuSource(String name, byte[] stablehlo, List<String> inputs, List<String> outputs) {
  public SpuSource {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  public SpuSource(String name, String stablehlo, List<String> inputs, List<String> outputs) {
    this(name, stablehlo.getBytes(StandardCharsets.UTF_8), inputs, outputs);
  }

  /**
   * A module in a file, text or byte code, named like it.
   *
   * @throws HawserException (IO) when it cannot be read
   */
  public static SpuSource read(Path file, List<String> inputs, List<String> outputs) {
    try {
      return new SpuSource(
          file.getFileName().toString(), Files.readAllBytes(file), inputs, outputs);
    } catch (IOException e) {
      throw new HawserException(
          ErrorCode.IO, "cannot read the program %s: %s".formatted(file, e.getMessage()), e);
    }
  }
}
