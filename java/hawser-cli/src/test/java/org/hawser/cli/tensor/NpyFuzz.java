package org.hawser.cli.tensor;

import java.nio.charset.StandardCharsets;

/**
 * The header of a {@code .npy} file says of what form its array is, or is refused. Run by {@code
 * scripts/fuzz}.
 */
public final class NpyFuzz {
  private NpyFuzz() {}

  public static void fuzzerTestOneInput(byte[] text) {
    try {
      NpyHeader.parse(new String(text, StandardCharsets.UTF_8)).promises(text.length);
    } catch (IllegalArgumentException e) {
      if (e.getMessage() == null) {
        throw e;
      }
    }
  }
}
