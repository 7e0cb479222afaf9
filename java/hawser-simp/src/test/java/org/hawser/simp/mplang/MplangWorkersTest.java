package org.hawser.simp.mplang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.hawser.HawserException;
import org.hawser.ffi.RequiresSpu;
import org.hawser.http.HttpOptions;
import org.hawser.simp.SimpHttpDriver;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.serde.Serde;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hawser's driver over mplang's workers, and over such beside Hawser's: whole graphs at once. */
@RequiresMplang
@RequiresSpu
@Timeout(300)
class MplangWorkersTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Map<Integer, Map<String, Graph>> GRAPHS = new ConcurrentHashMap<>();
  private static final Map<Integer, Map<String, Object>> EXPECTED = new ConcurrentHashMap<>();

  /** The programs that mplang's driver runs too, as mplang's tracer records them. */
  static Map<String, Graph> graphs(int parties) {
    return GRAPHS.computeIfAbsent(
        parties,
        _ -> {
          JsonNode traced =
              MplangScript.run("programs", List.of("trace", Integer.toString(parties)));
          Map<String, Graph> graphs = new TreeMap<>();
          traced
              .properties()
              .forEach(each -> graphs.put(each.getKey(), (Graph) Serde.fromJson(each.getValue())));
          return graphs;
        });
  }

  private static Map<String, Object> run(String kinds) {
    Map<String, Object> results = new TreeMap<>();
    try (var workers = MixedWorkers.open(kinds);
        var driver = SimpHttpDriver.connect(HttpOptions.DEFAULT, workers.endpoints(), LIMIT)) {
      graphs(kinds.length())
          .forEach(
              (name, graph) -> {
                try {
                  var values = driver.run(graph, List.of());
                  results.put(name, values.stream().map(driver::fetchAll).toList());
                } catch (HawserException e) {
                  throw new AssertionError(name + ": " + workers.logs(), e);
                }
              });
    }
    return results;
  }

  @ParameterizedTest
  @ValueSource(strings = {"HH", "HM", "MH", "HHH", "MHM"})
  void graphsGiveTheSame(String kinds) {
    Map<String, Object> expected =
        EXPECTED.computeIfAbsent(kinds.length(), parties -> run("M".repeat(parties)));
    Map<String, Object> found = run(kinds);
    assertTrue(expected.size() > 10, expected::toString);
    expected.forEach((name, values) -> assertEquals(values, found.get(name), name));
  }
}
