package org.hawser.spu;

/** Who knows a value, in libspu's order. */
public enum Visibility {
  /** No party: each has a share. */
  SECRET,
  /** Every party. */
  PUBLIC,
  /** One party, its owner. */
  PRIVATE;

  /** The number that libspu has for it. */
  public int number() {
    return ordinal() + 1;
  }
}
