package org.hawser;

/**
 * What kind of failure a {@link HawserException} is.
 *
 * <p>The same codes, in the same order, as {@code hawser_code} in C, where number {@code n} is
 * written {@code -n}.
 */
public enum ErrorCode {
  OK,
  INVALID_ARGUMENT,
  TIMEOUT,
  LANE_LOST,
  LINK_FAILED,
  CANCELLED,
  TRUNCATED,
  REFUSED,
  IO,
  VERSION_MISMATCH,
  OUT_OF_MEMORY,
  UNSUPPORTED,
  INTERNAL,
  CLOSED;

  private static final ErrorCode[] ALL = values();

  /**
   * The code that native code wrote as a number of zero or below; {@link #INTERNAL} for a number it
   * has no name for.
   */
  public static ErrorCode ofNative(int number) {
    return number <= 0 && number > -ALL.length ? ALL[-number] : INTERNAL;
  }
}
