package org.hawser;

/** What kind of failure a {@link HawserException} is; the same codes, in the same order, as {@code hawser_code} in C. */
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
  CLOSED
}
