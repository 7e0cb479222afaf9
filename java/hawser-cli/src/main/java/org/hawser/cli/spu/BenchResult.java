package org.hawser.cli.spu;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Arrays;
import java.util.Locale;
import org.hawser.spu.Protocol;

/**
 * What {@code hawser spu bench --json} prints for a link and a program.
 *
 * @param wallMsMin of the slowest party; of all runs, as are median and maximum
 * @param messages of all parties, a run; null where libspu's own links do not count
 * @param cpuSeconds of all parties, a run
 * @param rssMbPeak of all parties
 * @param listeningPorts of the node with most
 * @param identicalToMem whether the result is that of libspu's link in memory, up to {@code
 *     tolerance}; null where nothing is computed
 * @param largestDifference of any element; 0 when all bits are the same
 * @param p50Us of one round trip, of a ping-pong
 * @param mbPerS millions of bytes a second, of a stream
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record BenchResult(
    LinkKind link,
    String program,
    Protocol protocol,
    int parties,
    double wallMsMin,
    double wallMsMedian,
    double wallMsMax,
    @JsonInclude Long messages,
    @JsonInclude Long bytes,
    double cpuSeconds,
    double rssMbPeak,
    int listeningPorts,
    Boolean identicalToMem,
    Double largestDifference,
    Double tolerance,
    Double p50Us,
    Double mbPerS) {

  static BenchResult of(BenchWork work, int parties, PartyReport report, Double largestDifference) {
    double[] walls = report.wallsMs().clone();
    Arrays.sort(walls);
    double median = walls[walls.length / 2];
    BenchProgram program = work.program();
    boolean computes = largestDifference != null;
    double streamed = (double) LinkMessages.messages(program.rows()) * program.rows();
    return new BenchResult(
        work.link(),
        program.text(),
        work.protocol(),
        parties,
        rounded(walls[0]),
        rounded(median),
        rounded(walls[walls.length - 1]),
        perRun(report.messages(), work.runs()),
        perRun(report.bytes(), work.runs()),
        rounded(report.cpuSeconds() / work.runs()),
        rounded(report.rssMbPeak()),
        report.listeningPorts(),
        computes ? (Boolean) (largestDifference <= program.tolerance()) : null,
        largestDifference,
        computes ? (Double) program.tolerance() : null,
        report.p50Us(),
        program.kind() == BenchProgram.Kind.stream ? rounded(streamed / median / 1e3) : null);
  }

  private static Long perRun(Long sum, int runs) {
    return sum == null ? null : (Long) (sum / runs);
  }

  private static Double rounded(double value) {
    return Math.round(value * 1e4) / 1e4;
  }

  /** For people. */
  String line() {
    return String.format(
        Locale.ROOT,
        "%-7s %-16s %-8s %9.2f %9.2f %9.2f ms  %8s msgs %11s bytes  %7.3f CPU s %7.0f MB %d ports%s%s",
        link,
        program,
        protocol,
        wallMsMin,
        wallMsMedian,
        wallMsMax,
        messages == null ? "-" : messages,
        bytes == null ? "-" : bytes,
        cpuSeconds,
        rssMbPeak,
        listeningPorts,
        identicalToMem == null ? "" : identicalToMem ? "  same as mem" : "  NOT AS MEM",
        rate());
  }

  private String rate() {
    if (p50Us != null) {
      return String.format(Locale.ROOT, "  p50 %.1f us", p50Us);
    }
    return mbPerS == null ? "" : String.format(Locale.ROOT, "  %.0f MB/s", mbPerS);
  }
}
