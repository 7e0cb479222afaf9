package org.hawser.simp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;

/**
 * What a driver asks of a worker: to run its part of a graph.
 *
 * @param inputs URIs of the worker's store, one an input of the graph; null where it has no part
 * @param job names the run; {@link Job#ANONYMOUS} when the driver gave it no name
 */
record ExecRequest(Graph graph, List<String> inputs, String job) {
  private static final int LONGEST_JOB = 200;

  ExecRequest {
    inputs = Collections.unmodifiableList(new ArrayList<>(inputs));
  }

  /**
   * Takes a request as it came.
   *
   * @param graph what should be a graph
   * @param inputs what should be a list of texts and nulls
   * @param job what should be a name; null when there was none
   * @throws HawserException (INVALID_ARGUMENT) that says what is something else
   */
  static ExecRequest of(Object graph, Object inputs, Object job) {
    if (!(graph instanceof Graph program)) {
      throw invalid("'graph' is no mplang.Graph");
    }
    List<String> uris = uris(inputs);
    if (uris.size() != program.inputs().size()) {
      throw invalid(
          "there are %d inputs for a graph that takes %d"
              .formatted(uris.size(), program.inputs().size()));
    }
    return new ExecRequest(program, uris, job == null ? Job.ANONYMOUS : name(job));
  }

  /** What should be a list of URIs, and of nulls where a party has no part. */
  static List<String> uris(Object list) {
    if (list instanceof List<?> all
        && all.stream().allMatch(each -> each == null || each instanceof String)) {
      return all.stream().map(String.class::cast).toList();
    }
    throw invalid("there is something else where a list of URIs and nulls should be");
  }

  /** What {@link #toMap} has made. */
  static ExecRequest of(Map<?, ?> map) {
    return of(map.get("graph"), map.get("inputs"), map.get("job_id"));
  }

  private static String name(Object job) {
    // Keys have a bound, and a slash cannot be in a path's segment.
    if (job instanceof String name
        && !name.isEmpty()
        && name.length() <= LONGEST_JOB
        && name.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '/')) {
      return name;
    }
    throw invalid(
        "'job_id' is a name of 1 to %d visible ASCII characters without a slash"
            .formatted(LONGEST_JOB));
  }

  boolean isAnonymous() {
    return job.equals(Job.ANONYMOUS);
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new HashMap<>();
    map.put("graph", graph);
    map.put("inputs", inputs);
    map.put("job_id", job);
    return map;
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
