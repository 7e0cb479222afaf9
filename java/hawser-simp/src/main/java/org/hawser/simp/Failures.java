package org.hawser.simp;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** How a worker's failure gets to its driver: a code and a text. */
final class Failures {
  static final String CODE = "code";
  private static final String ERROR = "error";

  private Failures() {}

  /** What went wrong, whoever has wrapped it. */
  static HawserException of(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof HawserException known
        ? known
        : new HawserException(
            ErrorCode.INTERNAL, "a job failed with " + JobFailure.described(cause), cause);
  }

  /** Says it in an answer. */
  static void write(Throwable thrown, Map<String, Object> answer) {
    HawserException failure = of(thrown);
    answer.put(CODE, failure.code().name());
    answer.put(ERROR, String.valueOf(failure.getMessage()));
  }

  /** Whether an answer says that something failed. */
  static boolean isIn(Map<?, ?> answer) {
    return answer.containsKey(ERROR);
  }

  /** What {@link #write} wrote. */
  static HawserException read(Map<?, ?> answer) {
    return new HawserException(
        code(String.valueOf(answer.get(CODE))), String.valueOf(answer.get(ERROR)));
  }

  /** A code by its name; INTERNAL for one that is unknown here. */
  static ErrorCode code(String name) {
    return Arrays.stream(ErrorCode.values())
        .filter(code -> code.name().equals(name))
        .findFirst()
        .orElse(ErrorCode.INTERNAL);
  }
}
