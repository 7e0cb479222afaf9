package org.hawser.simp.mplang;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.hawser.simp.SimpHttpWorker;
import org.hawser.simp.WorkerOptions;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;

/** The workers of one cluster on loopback: Hawser's in this process, mplang's each in its own. */
final class MixedWorkers implements AutoCloseable {
  private final List<AutoCloseable> parts = new ArrayList<>();
  private final List<String> endpoints = new ArrayList<>();
  private final Map<Integer, MplangWorker> mplangs = new TreeMap<>();

  private MixedWorkers() {}

  /**
   * @param kinds a letter a rank: H for Hawser's, M for mplang's
   */
  static MixedWorkers open(String kinds) {
    return open(kinds, WorkerOptions.DEFAULT);
  }

  /**
   * @param options of Hawser's workers
   */
  static MixedWorkers open(String kinds, WorkerOptions options) {
    var workers = new MixedWorkers();
    try {
      workers.start(kinds, options);
      return workers;
    } catch (RuntimeException | AssertionError e) {
      workers.close();
      throw e;
    }
  }

  private void start(String kinds, WorkerOptions options) {
    Map<Integer, HttpNode> nodes = new TreeMap<>();
    for (int rank = 0; rank < kinds.length(); rank++) {
      if (kinds.charAt(rank) == 'M') {
        mplangs.put(rank, kept(MplangWorker.open(rank)));
        endpoints.add(mplangs.get(rank).endpoint());
      } else {
        nodes.put(rank, kept(HttpNode.open(HttpOptions.DEFAULT)));
        endpoints.add("http://" + nodes.get(rank).address());
      }
    }
    nodes.forEach(
        (rank, node) -> {
          var registry = StandardOps.registry(new Functions());
          kept(SimpHttpWorker.over(node, rank, endpoints, registry, options));
        });
    mplangs.values().forEach(worker -> worker.serve(endpoints));
  }

  private <T extends AutoCloseable> T kept(T part) {
    parts.addFirst(part);
    return part;
  }

  /** With their scheme, in the order of their ranks. */
  List<String> endpoints() {
    return endpoints;
  }

  /** Ends one of mplang's workers, as a crash does. */
  void crash(int rank) {
    MplangWorker worker = mplangs.remove(rank);
    parts.remove(worker);
    worker.close();
  }

  /** What mplang's workers have logged, for whoever must find out what went wrong. */
  String logs() {
    var text = new StringBuilder();
    mplangs.forEach((rank, worker) -> text.append("rank %d: %s%n".formatted(rank, worker.log())));
    return text.toString();
  }

  /** Closes every part, whatever goes wrong with others. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (Exception e) {
        failure = new IllegalStateException(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
