package org.hawser.launch;

import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * One process of a job, as its launcher names it. {@code reason} says why this launcher was asked.
 */
record Member(String launcher, String reason, String jobId, int rank, int size, int localRank) {
  Member {
    if (size < 1 || rank < 0 || rank >= size) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the launcher "
              + launcher
              + " ("
              + reason
              + ") says rank "
              + rank
              + " of "
              + size
              + ": no such rank");
    }
  }

  /** How messages name this process. */
  @Override
  public String toString() {
    return "rank " + rank + " of " + size + " (" + launcher + " job " + jobId + ")";
  }

  HawserException failure(ErrorCode code, String what) {
    return new HawserException(code, this + ": " + what);
  }

  HawserException failure(ErrorCode code, String what, Throwable cause) {
    return new HawserException(code, this + ": " + what, cause);
  }
}
