package org.hawser.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.cli.RequiresSpu;
import org.junit.jupiter.api.Test;

/** {@code hawser demo}, shorter than users see it. */
class DemoCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(100);

  @Test
  @RequiresSpu
  void threeProcessesTrainAsWellAsOneThatSeesAll() throws Exception {
    var outcome = Cli.run(Map.of(), LIMIT, "demo", "--epochs", "3", "--json");
    assertEquals(0, outcome.exit(), outcome::toString);
    JsonNode result = outcome.json().getFirst();
    double clear = result.get("accuracy_clear").asDouble();
    assertTrue(clear > 0.9, outcome::toString);
    // Fixed point may turn a row that lies on the border.
    assertEquals(clear, result.get("accuracy_mpc").asDouble(), 0.02, outcome::toString);
    assertEquals(3, result.get("parties").asInt());
    assertTrue(result.get("seconds").asDouble() > 0);
    assertTrue(result.get("messages").asLong() > 300, outcome::toString);
    assertEquals(4, result.get("lanes").size());
    long carried = 0;
    for (JsonNode lane : result.get("lanes")) {
      assertEquals("lo", lane.get("device").asText());
      assertTrue(lane.get("alive").asBoolean());
      carried += lane.get("bytes").asLong();
    }
    assertTrue(carried >= result.get("bytes").asLong(), outcome::toString);
  }

  @Test
  @RequiresSpu
  void peopleSeeWhatHappened() throws Exception {
    var outcome = Cli.run(Map.of(), LIMIT, "demo", "--epochs", "1", "--lanes", "lo,lo");
    assertEquals(0, outcome.exit(), outcome::toString);
    String text = String.join("\n", outcome.out());
    for (String expected :
        List.of("the diagnoses", "under ABY3", "in the clear", "rounds", "over 2 lanes")) {
      assertTrue(text.contains(expected), outcome::toString);
    }
  }

  @Test
  void withoutLibspuItTellsWhatToInstall() throws Exception {
    var nowhere = Map.of("HAWSER_PYTHON", "/nonexistent");
    var outcome = Cli.run(nowhere, LIMIT, "demo");
    assertEquals(1, outcome.exit(), outcome::toString);
    assertTrue(outcome.err().contains("scripts/setup"), outcome::toString);
    assertEquals(1, outcome.err().lines().count(), outcome::toString);
    assertEquals(List.of(), outcome.out());
  }
}
