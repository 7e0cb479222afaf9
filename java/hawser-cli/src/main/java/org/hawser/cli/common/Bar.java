package org.hawser.cli.common;

/** A share drawn as a bar. */
public final class Bar {
  private Bar() {}

  /** A bar of {@code width} characters, filled as far as {@code share} of 0 to 1 says. */
  public static String of(double share, int width) {
    int filled = (int) Math.round(Math.clamp(share, 0, 1) * width);
    return "#".repeat(filled) + ".".repeat(width - filled);
  }
}
