package org.hawser.cli.unpack;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import org.hawser.ByteSize;
import org.hawser.mem.Unpacker.Executor;

/**
 * One line of {@code hawser unpack-bench --json}. Its field names are read by other tools.
 *
 * @param fragment bytes each, null of an executor that is absent
 * @param bytes of all fragments together
 * @param gbPerS the median of all rounds
 * @param memcpyGbPerS likewise, of the plain copy
 * @param absent why the executor cannot be had, null when it can
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record UnpackResult(
    String executor, Long fragment, Long bytes, Double gbPerS, Double memcpyGbPerS, String absent) {
  static UnpackResult absent(Executor executor, String reason) {
    return new UnpackResult(title(executor), null, null, null, null, reason);
  }

  static UnpackResult of(
      Executor executor, long fragment, long bytes, double gbPerS, double memcpyGbPerS) {
    return new UnpackResult(title(executor), fragment, bytes, gbPerS, memcpyGbPerS, null);
  }

  private static String title(Executor executor) {
    return executor.name().toLowerCase(Locale.ROOT);
  }

  /** What people read. */
  String line() {
    return absent != null
        ? "%-6s  absent: %s".formatted(executor, absent)
        : String.format(
            Locale.ROOT,
            "%-6s  %s in fragments of %s: %.2f GB/s, plain copy %.2f GB/s, ratio %.2f",
            executor,
            ByteSize.format(bytes),
            ByteSize.format(fragment),
            gbPerS,
            memcpyGbPerS,
            gbPerS / memcpyGbPerS);
  }
}
