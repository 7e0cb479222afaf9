package org.hawser.simp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.ir.Graph;

/**
 * Runs programs over many parties: the base of all drivers, which say only how a graph gets to a
 * worker and its results back. Any thread may use a host; jobs of several threads run at once.
 *
 * <p>When a party fails, its job is cancelled at the others, as soon as the failure is known here.
 */
public abstract class SimpHost implements AutoCloseable {
  /** How long a job or a fetch may take unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofHours(24);

  private final Duration timeout;
  private final String jobPrefix = "j" + Names.random64() + "-";
  private final AtomicLong jobs = new AtomicLong();

  /** For drivers whose jobs may take {@link #DEFAULT_TIMEOUT}. */
  protected SimpHost() {
    this(DEFAULT_TIMEOUT);
  }

  /**
   * For drivers.
   *
   * @param timeout how long a job or a fetch may take at all
   */
  protected SimpHost(Duration timeout) {
    this.timeout = timeout;
  }

  /** The number of parties. */
  public abstract int worldSize();

  /**
   * Runs a graph at all parties, and waits for its results.
   *
   * @param inputs one an input of the graph
   * @return one an output of the graph
   * @throws HawserException that names the rank that failed first, and why
   */
  public final List<HostVar> run(Graph graph, List<HostVar> inputs) {
    requireMatching(graph, inputs);
    String id = jobPrefix + jobs.getAndIncrement();
    var job = new HostJob(this, id);
    return transposed(graph, job.run(graph, inputs), id);
  }

  /**
   * Brings one party's part of a value here.
   *
   * @return null when that party has none
   */
  public final Object fetch(HostVar value, int rank) {
    String uri = value.uri(rank);
    return uri == null ? null : HostJob.await(fetch(rank, uri), timeout, "a fetch of " + uri);
  }

  /** Brings all parts of a value here, one a rank, null where that party has none. */
  public final List<Object> fetchAll(HostVar value) {
    List<CompletableFuture<Object>> parts = new ArrayList<>();
    for (int rank = 0; rank < value.uris().size(); rank++) {
      String uri = value.uri(rank);
      parts.add(uri == null ? null : fetch(rank, uri));
    }
    List<Object> values = new ArrayList<>();
    for (int rank = 0; rank < parts.size(); rank++) {
      CompletableFuture<Object> part = parts.get(rank);
      values.add(
          part == null ? null : HostJob.await(part, timeout, "a fetch of " + value.uri(rank)));
    }
    return Collections.unmodifiableList(values);
  }

  /** Lets the parties forget a value: who uses it afterwards fails. */
  public final void release(HostVar value) {
    for (int rank : value.parties()) {
      release(rank, List.of(value.uri(rank)));
    }
  }

  /** How long a job or a fetch may take at all. */
  protected final Duration timeout() {
    return timeout;
  }

  /**
   * Has one party run its part of a graph.
   *
   * @param inputs URIs of that party's store, one an input of the graph; null where it has no part
   * @param job the same at all parties, and no other job's
   * @return the URIs of the results, one an output of the graph; null where it has no part
   */
  protected abstract CompletableFuture<List<String>> submit(
      int rank, Graph graph, List<String> inputs, String job);

  /**
   * Waits for what {@link #submit} began, one a rank. When a party fails the others are not waited
   * for.
   *
   * @throws HawserException that names the rank that failed first
   */
  protected List<List<String>> collect(List<CompletableFuture<List<String>>> futures) {
    return HostJob.awaitAll(futures, timeout);
  }

  /**
   * Ends a job at a party, because it has failed at another one: who waits there is woken. Never
   * blocks for long, and does nothing where workers cannot. May come before the party has begun,
   * and after it has ended.
   */
  protected abstract void cancel(int rank, String job, HawserException reason);

  /** Brings a party's value here. */
  protected abstract CompletableFuture<Object> fetch(int rank, String uri);

  /** Lets a party forget values; does nothing where workers cannot. */
  protected abstract void release(int rank, List<String> uris);

  /** Ends the host's part. Workers of other processes live on. */
  @Override
  public abstract void close();

  private void requireMatching(Graph graph, List<HostVar> inputs) {
    if (inputs.size() != graph.inputs().size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the graph takes %d inputs, not %d".formatted(graph.inputs().size(), inputs.size()));
    }
    for (HostVar input : inputs) {
      if (input.uris().size() != worldSize()) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT,
            "a value of %d parties cannot be used with %d: it is another host's"
                .formatted(input.uris().size(), worldSize()));
      }
    }
  }

  /** From one list a rank to one value an output. */
  private static List<HostVar> transposed(Graph graph, List<List<String>> byRank, String job) {
    int outputs = graph.outputs().size();
    for (int rank = 0; rank < byRank.size(); rank++) {
      if (byRank.get(rank).size() != outputs) {
        throw new HawserException(
            ErrorCode.INTERNAL,
            "job %s: rank %d has returned %d results of a graph of %d"
                .formatted(job, rank, byRank.get(rank).size(), outputs));
      }
    }
    List<HostVar> values = new ArrayList<>(outputs);
    for (int output = 0; output < outputs; output++) {
      List<String> uris = new ArrayList<>(byRank.size());
      for (List<String> results : byRank) {
        uris.add(results.get(output));
      }
      values.add(new HostVar(uris));
    }
    return values;
  }
}
