package org.hawser;

/**
 * The one family of failures: a code to act on, and a message that says what failed and what to do.
 */
public final class HawserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final int rank;
  private final int lane;
  private final String device;
  private final int sysErrno;

  public HawserException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public HawserException(ErrorCode code, String message, Throwable cause) {
    this(code, message, cause, -1, -1, "", 0);
  }

  /**
   * A failure that is known to come from one peer, lane or device.
   *
   * @param rank the peer's, -1 when unknown
   * @param lane the lane's index, -1 when none
   * @param device the lane's device, empty when none
   * @param sysErrno the operating system's errno behind it, 0 when none
   */
  public HawserException(
      ErrorCode code,
      String message,
      Throwable cause,
      int rank,
      int lane,
      String device,
      int sysErrno) {
    super(message, cause);
    this.code = code;
    this.rank = rank;
    this.lane = lane;
    this.device = device;
    this.sysErrno = sysErrno;
  }

  /** The same failure, raised again: its stack is this caller's, its cause the first one. */
  public HawserException again() {
    return new HawserException(code, getMessage(), this, rank, lane, device, sysErrno);
  }

  public ErrorCode code() {
    return code;
  }

  /** The peer's rank, -1 when unknown. */
  public int rank() {
    return rank;
  }

  /** The lane's index, -1 when no lane is to blame. */
  public int lane() {
    return lane;
  }

  /** The lane's device, empty when no device is to blame. */
  public String device() {
    return device;
  }

  /** The operating system's errno behind it, 0 when none. */
  public int sysErrno() {
    return sysErrno;
  }
}
