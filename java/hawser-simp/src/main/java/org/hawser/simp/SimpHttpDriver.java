package org.hawser.simp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hawser.HawserException;
import org.hawser.http.Endpoint;
import org.hawser.http.HttpClient;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;
import org.hawser.simp.ir.Graph;

/**
 * Runs programs over workers that serve HTTP, Hawser's and mplang's mixed as one likes. A whole
 * graph is one request to each, and all of them work at once.
 */
public final class SimpHttpDriver extends SimpHost {
  /** Whoever asks a worker gives up before the host does, and can name it. */
  private static final Duration SLACK = Duration.ofSeconds(5);

  /** How long closing waits for workers to hear what they may forget. */
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  private final HttpClient client;
  private final Duration timeout;
  private final List<RemoteWorker> workers;

  /** All workers get the same graph, and programs run more than once. */
  private volatile SentGraph last = new SentGraph(null);

  private SimpHttpDriver(HttpClient client, List<RemoteWorker> workers, Duration timeout) {
    super(timeout.plus(SLACK));
    this.timeout = timeout;
    this.client = client;
    this.workers = workers;
  }

  /**
   * Gets to know the workers, which must serve already.
   *
   * @param endpoints where each rank serves: {@code host:port}, with {@code http://} before it or
   *     without
   * @param timeout how long a job or a fetch may take at all
   * @throws HawserException that names the rank and the endpoint where there is no worker, or
   *     another one than expected
   */
  public static SimpHttpDriver connect(HttpOptions http, List<String> endpoints, Duration timeout) {
    List<HostPort> places = endpoints.stream().map(Endpoint::parse).toList();
    HttpClient client = HttpClient.open(http, places);
    try {
      List<CompletableFuture<RemoteWorker>> met = new ArrayList<>();
      for (int rank = 0; rank < places.size(); rank++) {
        met.add(RemoteWorker.meet(client, rank, places.size(), places.get(rank)));
      }
      List<RemoteWorker> workers =
          met.stream()
              .map(worker -> HostJob.await(worker, RemoteWorker.SHORT, "a worker"))
              .toList();
      return new SimpHttpDriver(client, workers, timeout);
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  @Override
  public int worldSize() {
    return workers.size();
  }

  @Override
  protected CompletableFuture<List<String>> submit(
      int rank, Graph graph, List<String> inputs, String job) {
    SentGraph sent = last;
    if (sent.graph() != graph) {
      sent = new SentGraph(graph);
      last = sent;
    }
    return workers.get(rank).exec(sent, inputs, job, timeout);
  }

  @Override
  protected void cancel(int rank, String job, HawserException reason) {
    workers.get(rank).cancel(job, reason);
  }

  @Override
  protected CompletableFuture<Object> fetch(int rank, String uri) {
    return workers.get(rank).fetch(uri, timeout);
  }

  @Override
  protected void release(int rank, List<String> uris) {
    workers.get(rank).release(uris);
  }

  /** Workers hear first what was released and cancelled, unless they take seconds to listen. */
  @Override
  public void close() {
    CompletableFuture.allOf(
            workers.stream().map(RemoteWorker::heard).toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, FAREWELL.toMillis(), TimeUnit.MILLISECONDS)
        .join();
    client.close();
  }
}
