package org.hawser.cli.perf;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.hawser.cli.common.LaneShare;

/**
 * One line of {@code hawser perf --json}. Its field names are read by other tools.
 *
 * @param memory host, pinned or cuda:N, at both ends
 * @param iterations messages completed in the measured time; round trips for {@code lat}
 * @param gbitPerS payload that the receiver acknowledged; both directions together for {@code bibw}
 * @param p50Us time to complete a message; half a round trip for {@code lat}
 * @param cpuSeconds of both processes during the measured time
 * @param longestStallMs the longest time without a completed message
 * @param rejoinedMs the longest time from the loss of a lane to its return, null when none returned
 * @param wrong what was wrong with the first message that was not as it should be
 * @param lanes both directions for bibw and lat
 * @param ranks the two ends, of a launched run
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PerfResult(
    Operation op,
    long bytes,
    String memory,
    int window,
    long iterations,
    double seconds,
    double gbitPerS,
    double p50Us,
    double p99Us,
    double cpuSeconds,
    boolean verified,
    List<LaneShare> lanes,
    double longestStallMs,
    Double rejoinedMs,
    String wrong,
    List<Integer> ranks) {

  PerfResult between(int client, int server) {
    return new PerfResult(
        op,
        bytes,
        memory,
        window,
        iterations,
        seconds,
        gbitPerS,
        p50Us,
        p99Us,
        cpuSeconds,
        verified,
        lanes,
        longestStallMs,
        rejoinedMs,
        wrong,
        List.of(client, server));
  }
}
