package org.hawser.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.hawser.comm.World;

/** Ranks in one JVM, each with a node of its own at a free port of loopback. */
public final class HttpWorld implements World {
  private final List<HttpNode> nodes = new ArrayList<>();
  private final List<HttpCommunicator> ranks;

  public HttpWorld(int size) {
    this(
        IntStream.range(0, size).mapToObj(_ -> HttpOptions.DEFAULT).toList(),
        HttpCommunicatorOptions.DEFAULT.withPeerTimeout(Duration.ofSeconds(5)));
  }

  /**
   * @param options each rank's
   */
  public HttpWorld(List<HttpOptions> options, HttpCommunicatorOptions communicators) {
    options.forEach(each -> nodes.add(HttpNode.open(each)));
    List<String> endpoints = nodes.stream().map(node -> node.address().toString()).toList();
    ranks =
        IntStream.range(0, nodes.size())
            .mapToObj(
                rank -> HttpCommunicator.open(nodes.get(rank), rank, endpoints, communicators))
            .toList();
  }

  public HttpNode node(int rank) {
    return nodes.get(rank);
  }

  @Override
  public List<HttpCommunicator> ranks() {
    return ranks;
  }

  /** All ranks at once. */
  @Override
  public void close() {
    inParallel(ranks.stream().map(rank -> (Runnable) rank::close).toList());
    inParallel(nodes.stream().map(node -> (Runnable) node::close).toList());
  }

  private static void inParallel(List<Runnable> work) {
    work.stream()
        .map(each -> CompletableFuture.runAsync(each, task -> Thread.ofPlatform().start(task)))
        .toList()
        .forEach(CompletableFuture::join);
  }
}
