package org.hawser.cli.port;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * One line of {@code hawser port --json}. Its field names are read by other tools.
 *
 * @param bytes a put, in each direction
 * @param msPerIter of an iteration: both ranks put so many bytes and have seen the other's
 * @param gbPerS in each direction
 * @param verified whether both ranks found every byte of the other's
 */
record PortResult(String transport, long bytes, double msPerIter, double gbPerS, boolean verified) {
  static PortResult of(String transport, long bytes, double nanosPerIter, boolean verified) {
    return new PortResult(transport, bytes, nanosPerIter / 1e6, bytes / nanosPerIter, verified);
  }

  /**
   * The line that the example prints.
   *
   * @param who measured: {@code GPU 0} or {@code Rank 0}
   */
  String line(String who) {
    return "%s: [Bidir PutWithSignal] bytes %d, elapsed %s ms/iter, BW %s GB/s%s"
        .formatted(who, bytes, six(msPerIter), six(gbPerS), verified ? "" : ", WRONG DATA");
  }

  /** Six digits, as a C++ stream prints. */
  private static String six(double value) {
    return new BigDecimal(value, new MathContext(6)).stripTrailingZeros().toPlainString();
  }
}
