package org.hawser.simp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.simp.ir.Graph;

/**
 * Runs one party's part of graphs: each operation by the implementation that the registry has for
 * its opcode. Any thread may use it, many jobs run at once, each in the thread that called.
 */
public final class WorkerInterpreter implements Worker, AutoCloseable {
  private final Communicator communicator;
  private final int worldSize;
  private final ObjectStore store;
  private final OpRegistry registry;
  private final Options options;
  private final JobTable jobs;
  private final States<Worker> states = new States<>(this);

  /**
   * @param communicator between the workers; stays the caller's, as the store does
   */
  public WorkerInterpreter(
      Communicator communicator, ObjectStore store, OpRegistry registry, Options options) {
    this(communicator, communicator.worldSize(), store, registry, options);
  }

  /**
   * @param worldSize the number of parties: ranks of the communicator beyond are none
   */
  WorkerInterpreter(
      Communicator communicator,
      int worldSize,
      ObjectStore store,
      OpRegistry registry,
      Options options) {
    this.worldSize = worldSize;
    this.communicator = communicator;
    this.store = store;
    this.registry = registry;
    this.options = options;
    this.jobs = new JobTable(communicator);
  }

  /**
   * Runs a graph on what the store has, and keeps the results there: what a driver's worker does.
   *
   * @param inputs URIs, one an input; null where this party has no part
   * @param job as for {@link #evaluate}
   * @return URIs, one an output; null where this party has no part
   */
  public List<String> run(Graph graph, List<String> inputs, String job) {
    List<Object> values = new ArrayList<>(inputs.size());
    for (String uri : inputs) {
      values.add(uri == null ? null : input(uri, job));
    }
    List<String> uris = new ArrayList<>();
    for (Object result : evaluate(graph, values, job)) {
      uris.add(result == null ? null : store.put(result));
    }
    return uris;
  }

  private Object input(String uri, String job) {
    try {
      return store.get(uri);
    } catch (HawserException e) {
      throw new HawserException(
          e.code(),
          "rank %d, job %s: an input is missing: %s".formatted(rank(), job, e.getMessage()),
          e);
    }
  }

  /**
   * Runs a graph.
   *
   * @param inputs one an input; null where this party has no part
   * @param job the same at all parties, and no other job's that runs; null for {@link
   *     Job#ANONYMOUS}, as mplang's drivers have it, which cannot be cancelled
   * @return one an output; null where this party has no part
   * @throws HawserException that names rank, job and operation
   */
  public List<Object> evaluate(Graph graph, List<Object> inputs, String job) {
    Job run = new Job(this, job == null ? Job.ANONYMOUS : job);
    jobs.begin(run);
    HawserException failure = null;
    try {
      Object[] results = run.evaluate(graph, inputs.toArray());
      return Collections.unmodifiableList(Arrays.asList(results));
    } catch (HawserException e) {
      failure = e;
      throw e;
    } finally {
      jobs.end(run, failure);
    }
  }

  /**
   * Ends a job here that has failed elsewhere: who waits for a message is woken, who computes
   * notices after the operation. A job that begins later ends at once.
   */
  public void cancel(String job, HawserException reason) {
    jobs.cancel(job, reason);
  }

  @Override
  public int rank() {
    return communicator.rank();
  }

  @Override
  public int worldSize() {
    return worldSize;
  }

  @Override
  public Communicator communicator() {
    return communicator;
  }

  @Override
  public Duration timeout() {
    return options.timeout();
  }

  @Override
  public ObjectStore store() {
    return store;
  }

  OpRegistry registry() {
    return registry;
  }

  boolean isHawser(int rank) {
    return options.isHawser().test(rank);
  }

  <T> T state(Class<T> type, Function<Worker, T> make) {
    return states.get(type, make);
  }

  /**
   * Cancels what still runs, waits a few seconds until it has ended, and closes what operations
   * have kept.
   */
  @Override
  public void close() {
    jobs.cancelAll(
        new HawserException(ErrorCode.CLOSED, "rank %d: the worker is closed".formatted(rank())));
    states.close();
  }
}
