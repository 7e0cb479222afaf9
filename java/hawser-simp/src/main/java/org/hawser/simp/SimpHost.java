package org.hawser.simp;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hawser.simp.ir.Graph;

/**
 * Runs programs over many parties: the base of all drivers, which say only how a graph gets to a
 * worker and its results back. Any thread may use a host; jobs of several threads run at once.
 */
public abstract class SimpHost implements AutoCloseable {
  /** For drivers. */
  protected SimpHost() {}

  /** The number of parties. */
  public abstract int worldSize();

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
   * @throws org.hawser.HawserException that names the rank that failed first
   */
  protected abstract List<List<String>> collect(List<CompletableFuture<List<String>>> futures);

  /** Brings a party's value here. */
  protected abstract CompletableFuture<Object> fetch(int rank, String uri);

  /** Lets a party forget values; does nothing where workers cannot. */
  protected abstract void release(int rank, List<String> uris);

  /** Ends the host's part. Workers of other processes live on. */
  @Override
  public abstract void close();
}
