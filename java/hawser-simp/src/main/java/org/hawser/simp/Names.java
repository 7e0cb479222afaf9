package org.hawser.simp;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Parts of names that nobody else gives: job ids, URIs. */
final class Names {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Names() {}

  /** 16 hexadecimal digits. */
  static String random64() {
    return HexFormat.of().toHexDigits(RANDOM.nextLong());
  }
}
