package org.hawser.simp;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Operation;

/** Says of a failure in which job and operation it happened. */
final class JobFailure {
  private JobFailure() {}

  static HawserException of(Job job, Operation operation, Throwable thrown) {
    String where = "%s: %s (%s): ".formatted(job, operation.opcode(), operation.name());
    if (thrown instanceof HawserException failure) {
      return new HawserException(
          failure.code(),
          where + failure.getMessage(),
          failure,
          failure.rank(),
          failure.lane(),
          failure.device(),
          failure.sysErrno());
    }
    ErrorCode code =
        thrown instanceof OutOfMemoryError ? ErrorCode.OUT_OF_MEMORY : ErrorCode.INTERNAL;
    return new HawserException(code, where + described(thrown), thrown);
  }

  /** Not with its own message: what others throw may quote the values they were given. */
  static String described(Throwable thrown) {
    StackTraceElement[] stack = thrown.getStackTrace();
    return thrown.getClass().getName() + (stack.length == 0 ? "" : " at " + stack[0]);
  }
}
