package org.hawser.simp.mplang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hawser.ffi.RequiresSpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mplang's driver does not see a difference between its own workers and Hawser's. */
@RequiresMplang
@RequiresSpu
@Timeout(300)
class MplangDriverTest {
  /** What mplang's own workers give, by their number: asked once. */
  private static final Map<Integer, JsonNode> EXPECTED = new ConcurrentHashMap<>();

  private static JsonNode expected(int parties) {
    return EXPECTED.computeIfAbsent(parties, _ -> run("M".repeat(parties)));
  }

  private static JsonNode run(String kinds) {
    try (var workers = MixedWorkers.open(kinds)) {
      List<String> arguments = new ArrayList<>(List.of("run"));
      arguments.addAll(workers.endpoints());
      JsonNode outcomes = MplangScript.run("programs", arguments);
      outcomes.forEach(
          outcome -> assertTrue(outcome.has("values"), () -> outcome + workers.logs()));
      return outcomes;
    }
  }

  @Test
  void mplangByItselfGivesWhatIsExpected() {
    JsonNode outcomes = expected(2);
    assertEquals("[[28,34],[76,98],[124,162]]", values(outcomes, "/spu_again/values/0"));
    assertEquals("[2.0,-2.0,3.5,0.0]", values(outcomes, "/spu/values/0"));
    assertEquals("[0.0,0.0]", values(outcomes, "/from_all/values/1/0"));
    assertEquals("[2.0,20.0]", values(outcomes, "/from_all/values/1/1"));
  }

  private static String values(JsonNode outcomes, String path) {
    return outcomes.at(path).path("values").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"HH", "HM", "MH", "HHH", "MHM", "HMM"})
  void programsGiveTheSame(String kinds) {
    JsonNode expected = expected(kinds.length());
    JsonNode found = run(kinds);
    expected
        .properties()
        .forEach(
            program ->
                assertEquals(program.getValue(), found.get(program.getKey()), program::getKey));
  }
}
