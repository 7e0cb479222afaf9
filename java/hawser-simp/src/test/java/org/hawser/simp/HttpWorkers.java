package org.hawser.simp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;

/** Workers of this process, each at a port of its own on loopback. */
final class HttpWorkers implements AutoCloseable {
  private final List<SimpHttpWorker> workers = new ArrayList<>();
  private final List<String> endpoints;

  HttpWorkers(int parties, OpRegistry registry, WorkerOptions options) {
    this(HttpOptions.DEFAULT, parties, registry, options);
  }

  HttpWorkers(HttpOptions http, int parties, OpRegistry registry, WorkerOptions options) {
    List<HttpNode> nodes = new ArrayList<>();
    for (int rank = 0; rank < parties; rank++) {
      nodes.add(HttpNode.open(http));
    }
    endpoints = nodes.stream().map(node -> node.address().toString()).toList();
    for (int rank = 0; rank < parties; rank++) {
      workers.add(SimpHttpWorker.over(nodes.get(rank), rank, endpoints, registry, options));
    }
  }

  List<String> endpoints() {
    return endpoints;
  }

  SimpHttpWorker rank(int rank) {
    return workers.get(rank);
  }

  /** All at once: each tells the others. */
  @Override
  public void close() {
    var closing =
        workers.stream()
            .map(worker -> CompletableFuture.runAsync(worker::close, Thread::startVirtualThread))
            .toList();
    closing.forEach(CompletableFuture::join);
  }
}
