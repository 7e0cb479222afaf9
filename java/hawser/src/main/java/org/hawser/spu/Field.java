package org.hawser.spu;

/** The ring that values are computed in, modulo two to the power of its bits. */
public enum Field {
  FM32,
  FM64,
  FM128;

  /** Of a ring element. */
  public int bits() {
    return 32 << ordinal();
  }

  /** The number that libspu has for it. */
  public int number() {
    return ordinal() + 1;
  }
}
