package org.hawser.simp.serde;

/** Names that were read, made fit for messages: strangers chose them. */
final class Names {
  private static final int LONGEST = 80;

  private Names() {}

  /** Without control characters, and not longer than a line. */
  static String shown(String name) {
    String start = name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "...";
    return start
        .codePoints()
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
