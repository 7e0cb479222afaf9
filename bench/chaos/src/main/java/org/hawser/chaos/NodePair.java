package org.hawser.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;

/** Two nodes, and what must be true of them after a fault. */
final class NodePair implements AutoCloseable {
  private static final Duration MEET = Duration.ofSeconds(40);
  private static final Duration GO_ON = Duration.ofSeconds(15);
  private static final long LOOK_MILLIS = 20;

  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<Path> errors = new ArrayList<>();
  private final Tally tally;

  /**
   * Starts them, and waits until they have found together.
   *
   * @param prefixes what starts commands where each is to run
   * @param lanes the devices of their lanes
   * @param places where they are reached: each rank's lanes, then each rank's HTTP
   * @param stores a folder for each
   */
  NodePair(
      List<List<String>> prefixes,
      String lanes,
      List<String> places,
      List<Path> stores,
      Path folder,
      Tally tally) {
    this.tally = tally;
    for (int rank = 0; rank < 2; rank++) {
      List<String> arguments = new ArrayList<>(List.of(Integer.toString(rank), lanes));
      arguments.addAll(places);
      arguments.add(stores.get(rank).toString());
      errors.add(folder.resolve("errors-" + rank));
      nodes.add(new NodeProcess(prefixes.get(rank), arguments, errors.get(rank), tally));
    }
    List<Long> before = joins();
    nodes.forEach(NodeProcess::start);
    awaitJoin(before);
  }

  NodeProcess node(int rank) {
    return nodes.get(rank);
  }

  List<Long> joins() {
    return all(NodeProcess::joins);
  }

  List<Long> partings() {
    return all(NodeProcess::partings);
  }

  private List<Long> all(ToLongFunction<NodeProcess> counter) {
    return nodes.stream().map(counter::applyAsLong).toList();
  }

  /** Both have joined each other once more since they had {@code before}. */
  void awaitJoin(List<Long> before) {
    boolean joined = await(MEET, () -> haveGrown(before, joins()));
    if (!joined || nodes.stream().anyMatch(node -> node.pid() == 0)) {
      tally.late(
          "the nodes do not find together: %s; %s"
              .formatted(nodes.get(0).parting(), nodes.get(1).parting()));
    }
  }

  /** Both go on, and neither has been parted from the other since they had {@code partings}. */
  void requireProgress(Fault fault, List<Long> partings) {
    List<Long> before = all(NodeProcess::progress);
    if (!await(GO_ON, () -> haveGrown(before, all(NodeProcess::progress)))) {
      tally.late("no progress after " + fault);
    }
    for (int rank = 0; rank < 2; rank++) {
      if (nodes.get(rank).partings() > partings.get(rank)) {
        tally.lost(1, "%s parted rank %d: %s".formatted(fault, rank, nodes.get(rank).parting()));
      }
    }
  }

  private static boolean haveGrown(List<Long> before, List<Long> now) {
    return now.get(0) > before.get(0) && now.get(1) > before.get(1);
  }

  static void sleep(long millis) {
    LockSupport.parkNanos(millis * 1_000_000);
  }

  private static boolean await(Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      sleep(LOOK_MILLIS);
    }
    return true;
  }

  /** Lets both end in order, and tells what they had to complain of. */
  @Override
  public void close() throws IOException {
    var closing =
        nodes.stream()
            .map(node -> CompletableFuture.runAsync(node::close, Thread::startVirtualThread))
            .toList();
    closing.forEach(CompletableFuture::join);
    for (Path file : errors) {
      Files.readAllLines(file).forEach(Tally::say);
    }
  }
}
