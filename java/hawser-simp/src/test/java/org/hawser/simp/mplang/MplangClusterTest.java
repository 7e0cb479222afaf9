package org.hawser.simp.mplang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.hawser.http.HttpOptions;
import org.hawser.simp.SimpHost;
import org.hawser.simp.SimpHttpDriver;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A cluster of Hawser's and mplang's workers in use: by many, by people, and when things go wrong.
 */
@RequiresMplang
@RequiresSpu
@Timeout(300)
class MplangClusterTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static SimpHost connect(MixedWorkers workers) {
    return SimpHttpDriver.connect(HttpOptions.DEFAULT, workers.endpoints(), LIMIT);
  }

  private static List<List<Object>> results(SimpHost host, Graph graph) {
    return host.run(graph, List.of()).stream().map(host::fetchAll).toList();
  }

  @Test
  void jobsOfManyThreadsDoNotMix() throws Exception {
    List<Graph> graphs = new ArrayList<>();
    for (String name : List.of("moves", "from_all", "shuffles", "condition")) {
      graphs.add(MplangWorkersTest.graphs(2).get(name));
    }
    try (var workers = MixedWorkers.open("HM");
        var host = connect(workers)) {
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      for (Graph graph : graphs) {
        List<List<Object>> expected = results(host, graph);
        for (int thread = 0; thread < 2; thread++) {
          Runnable often = () -> runOften(host, graph, expected);
          threads.add(CompletableFuture.runAsync(often, Thread::startVirtualThread));
        }
      }
      for (CompletableFuture<Void> thread : threads) {
        thread.get(100, TimeUnit.SECONDS);
      }
    }
  }

  private static void runOften(SimpHost host, Graph graph, List<List<Object>> expected) {
    for (int i = 0; i < 10; i++) {
      assertEquals(expected, results(host, graph));
    }
  }

  @Test
  void mplangsCommandsKnowOurWorkers() {
    try (var workers = MixedWorkers.open("HH");
        var host = connect(workers)) {
      host.run(MplangWorkersTest.graphs(2).get("from_all"), List.of());
      String endpoints = String.join(",", workers.endpoints());
      List<String> status = MplangScript.command("status", "--endpoints", endpoints);
      List<String> objects = MplangScript.command("objects", "--endpoints", endpoints);
      assertEquals(3, status.size(), status::toString);
      for (int rank = 0; rank < 2; rank++) {
        String endpoint = workers.endpoints().get(rank);
        assertEquals(
            "OK  %s/health -> {'status': 'ok', 'rank': '%d', 'world_size': '2'}"
                .formatted(endpoint, rank),
            status.get(1 + rank));
        String row = objects.get(objects.size() - 2 + rank);
        List<String> cells = List.of(row.split("\\s*\\|\\s*"));
        assertEquals(List.of(Integer.toString(rank), endpoint, "2"), cells.subList(0, 3));
        assertTrue(cells.get(3).matches("mem://[0-9a-f]{32}, mem://[0-9a-f]{32}"), row);
      }
    }
  }

  /** Mplang's worker would wait for a message that Hawser's cannot send. */
  @Test
  void swapsWithMplangAreRefused() {
    byte[] number = {1, 0, 0, 0, 0, 0, 0, 0};
    var type = new Type.TensorType(new Type.IntegerType(64, true), List.of());
    Map<String, Object> constant = Map.of("value_b64", Base64.getEncoder().encodeToString(number));
    Map<String, Object> swap = Map.of("routing", Map.of(0L, 1L, 1L, 0L));
    Graph.Builder builder = Graph.builder();
    List<Value> own = builder.op("tensor.constant", List.of(), List.of(type), constant);
    builder.op("simp.shuffle", own, List.of(type), swap).forEach(builder::output);
    Graph graph = builder.build();
    try (var workers = MixedWorkers.open("HM");
        var host = connect(workers)) {
      var failure = assertThrows(HawserException.class, () -> host.run(graph, List.of()));
      assertEquals(ErrorCode.UNSUPPORTED, failure.code(), failure.getMessage());
      assertTrue(failure.getMessage().contains("cannot swap values with rank 1"));
      // The others' jobs go on.
      results(host, MplangWorkersTest.graphs(2).get("moves"));
    }
  }

  @Test
  void workersThatCrashAreNamed() {
    Graph moves = MplangWorkersTest.graphs(2).get("moves");
    try (var workers = MixedWorkers.open("HM");
        var host = connect(workers)) {
      results(host, moves);
      workers.crash(1);
      var failure = assertThrows(HawserException.class, () -> host.run(moves, List.of()));
      assertTrue(failure.getMessage().contains("rank 1"), failure.getMessage());
      Graph alone = MplangWorkersTest.graphs(2).get("jax_functions");
      assertThrows(HawserException.class, () -> host.run(alone, List.of()));
    }
  }
}
