package org.hawser;

/** The one family of failures: a code to act on, and a message that says what failed and what to do. */
public class HawserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public HawserException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public HawserException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }
}
