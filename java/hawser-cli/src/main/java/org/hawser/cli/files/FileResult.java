package org.hawser.cli.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.hawser.cli.common.LaneShare;

/**
 * One file that went over, as {@code --json} prints it.
 *
 * @param file where it lies on this end
 * @param sha256 of both ends
 * @param verified whether both ends hashed the same
 */
public record FileResult(
    String file,
    long bytes,
    double seconds,
    double gbitPerS,
    String sha256,
    boolean verified,
    List<LaneShare> lanes) {

  /** For people: a line that begins with a name for the file, and one a lane. */
  public List<String> lines(String name) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: %d bytes in %.2f s, %.2f Gbit/s, SHA-256 %s.. %s",
            name,
            bytes,
            seconds,
            gbitPerS,
            sha256.substring(0, 12),
            verified ? "agrees" : "DIFFERS"));
    lines.addAll(LaneShare.lines(lanes, seconds));
    return lines;
  }
}
