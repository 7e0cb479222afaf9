package org.hawser;

import java.util.Locale;

/**
 * Numbers of bytes as people write them: {@code 8}, {@code 64K}, {@code 1M}, {@code 5G}; the
 * letters are powers of 1024.
 */
public final class ByteSize {
  private static final String LETTERS = "KMGT";

  private ByteSize() {}

  /**
   * Reads a size of zero or more bytes.
   *
   * @throws HawserException (INVALID_ARGUMENT) when the text is not one
   */
  public static long parse(String text) {
    String digits = text.strip().toUpperCase(Locale.ROOT);
    int power = digits.isEmpty() ? 0 : LETTERS.indexOf(digits.charAt(digits.length() - 1)) + 1;
    try {
      long number = Long.parseLong(power == 0 ? digits : digits.substring(0, digits.length() - 1));
      if (number >= 0) {
        return Math.multiplyExact(number, 1L << (10 * power));
      }
    } catch (ArithmeticException | NumberFormatException e) {
      // Told below, as for a negative number.
    }
    throw new HawserException(
        ErrorCode.INVALID_ARGUMENT,
        "\"%s\" is not a size; write a number of bytes, or 64K, 1M, 5G".formatted(text));
  }

  /** The shortest exact way to write it: 524288 is {@code 512K}, 1000 is {@code 1000}. */
  public static String format(long bytes) {
    int power = 0;
    long number = bytes;
    while (power < LETTERS.length() && number != 0 && number % 1024 == 0) {
      number /= 1024;
      power++;
    }
    return power == 0 ? Long.toString(number) : number + LETTERS.substring(power - 1, power);
  }
}
