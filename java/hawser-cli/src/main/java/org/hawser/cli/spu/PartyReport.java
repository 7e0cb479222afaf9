package org.hawser.cli.spu;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What one party saw of all measured runs; or several, {@link #merged}.
 *
 * @param wallsMs one a run
 * @param p50Us the median of single operations, of a ping-pong; null otherwise
 * @param messages sent in all runs; null where libspu's own links do not count
 * @param cpuSeconds of its process, in all runs; 0 where another party tells it
 * @param rssMbPeak of its process; 0 where another party tells it
 * @param listeningPorts of its process; 0 where another party tells it
 */
record PartyReport(
    double[] wallsMs,
    Double p50Us,
    Long messages,
    Long bytes,
    double cpuSeconds,
    double rssMbPeak,
    int listeningPorts) {

  /**
   * All parties: the slowest's time, the sum of what they used, the ports of the node with most.
   */
  static PartyReport merged(List<PartyReport> parties) {
    double[] walls =
        IntStream.range(0, parties.getFirst().wallsMs.length)
            .mapToDouble(
                run -> parties.stream().mapToDouble(each -> each.wallsMs[run]).max().orElseThrow())
            .toArray();
    boolean counted = parties.stream().allMatch(each -> each.messages != null);
    return new PartyReport(
        walls,
        parties.stream().map(PartyReport::p50Us).filter(Objects::nonNull).findFirst().orElse(null),
        counted ? (Long) parties.stream().mapToLong(PartyReport::messages).sum() : null,
        counted ? (Long) parties.stream().mapToLong(PartyReport::bytes).sum() : null,
        parties.stream().mapToDouble(PartyReport::cpuSeconds).sum(),
        parties.stream().mapToDouble(PartyReport::rssMbPeak).sum(),
        parties.stream().mapToInt(PartyReport::listeningPorts).max().orElse(0));
  }
}
