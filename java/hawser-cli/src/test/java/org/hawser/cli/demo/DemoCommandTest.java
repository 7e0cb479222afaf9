package org.hawser.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.hawser.cli.Cli;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hawser demo}, smaller than users see it. */
class DemoCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path folder;

  @Test
  void fileGoesThereAndBackBetweenTwoProcesses() throws Exception {
    var here = Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + folder);
    var outcome = Cli.run(here, LIMIT, "demo", "--size", "40M", "--json");
    assertEquals(0, outcome.exit(), outcome::toString);
    JsonNode result = outcome.json().getFirst();
    assertTrue(result.get("verified").asBoolean(), outcome::toString);
    assertEquals(40 << 20, result.get("bytes").asLong());
    assertNotEquals(result.get("processes").get(0), result.get("processes").get(1));
    for (String way : new String[] {"there", "back"}) {
      long carried = 0;
      assertEquals(4, result.get(way).get("lanes").size());
      for (JsonNode lane : result.get(way).get("lanes")) {
        assertTrue(lane.get("bytes").asLong() > 0, outcome::toString);
        carried += lane.get("bytes").asLong();
      }
      assertTrue(carried >= 40 << 20, outcome::toString);
      assertEquals(
          result.get("there").get("sha256").asText(), result.get(way).get("sha256").asText());
    }
    try (var left = Files.list(folder)) {
      assertEquals(0, left.filter(path -> path.getFileName().toString().contains("demo")).count());
    }
  }

  @Test
  void peopleSeeWhatHappened() throws Exception {
    var outcome = Cli.run(Map.of(), LIMIT, "demo", "--size", "1M");
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals("verified: what came back is what went", outcome.out().getLast());
  }
}
