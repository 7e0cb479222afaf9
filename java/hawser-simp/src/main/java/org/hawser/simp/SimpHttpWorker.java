package org.hawser.simp;

import java.util.List;
import org.hawser.comm.Key;
import org.hawser.http.HttpCommunicator;
import org.hawser.http.HttpCommunicatorOptions;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;

/**
 * One party that serves HTTP at one port: mplang's drivers and Hawser's, beside workers of either.
 * It works on threads of its own from when it is opened until it is closed.
 */
public final class SimpHttpWorker implements AutoCloseable {
  /** What libspu's links send is bytes; all else is values. */
  private static final Key BYTES = Key.of("spu:");

  private static final HttpCommunicatorOptions MESSAGES =
      HttpCommunicatorOptions.DEFAULT.withContainers(key -> !key.startsWith(BYTES));

  private final HttpNode node;
  private final HttpCommunicator communicator;
  private final WorkerService service;

  private SimpHttpWorker(HttpNode node, HttpCommunicator communicator, WorkerService service) {
    this.node = node;
    this.communicator = communicator;
    this.service = service;
  }

  /**
   * Begins to serve.
   *
   * @param endpoints where each rank serves: {@code host:port}, with {@code http://} before it or
   *     without; this one's is not used
   * @throws org.hawser.HawserException when the port cannot be had
   */
  public static SimpHttpWorker open(
      HttpOptions http,
      int rank,
      List<String> endpoints,
      OpRegistry registry,
      WorkerOptions options) {
    HttpNode node = HttpNode.open(http);
    try {
      return over(node, rank, endpoints, registry, options);
    } catch (RuntimeException | Error e) {
      node.close();
      throw e;
    }
  }

  /**
   * As {@link #open}, at a node that listens already.
   *
   * @param node belongs to the worker from now on
   */
  public static SimpHttpWorker over(
      HttpNode node, int rank, List<String> endpoints, OpRegistry registry, WorkerOptions options) {
    HttpCommunicator communicator = HttpCommunicator.open(node, rank, endpoints, MESSAGES);
    WorkerService service = WorkerService.open(communicator, endpoints.size(), registry, options);
    new WorkerRoutes(service).register(node);
    return new SimpHttpWorker(node, communicator, service);
  }

  /** Where it serves. */
  public HostPort address() {
    return node.address();
  }

  /** Takes no more jobs, and ends when those that it has are done or cancelled. */
  @Override
  public void close() {
    try (node;
        communicator) {
      service.close();
    }
  }
}
