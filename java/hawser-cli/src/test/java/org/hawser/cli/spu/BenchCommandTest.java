package org.hawser.cli.spu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.cli.RequiresSpu;
import org.junit.jupiter.api.Test;

/** {@code hawser spu bench}, on programs that take no time. */
@RequiresSpu
class BenchCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(115);

  private static List<JsonNode> bench(String... options) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("spu", "bench", "--json", "--runs", "2", "--warm-up", "0"));
    arguments.addAll(List.of(options));
    var outcome = Cli.run(Map.of(), LIMIT, arguments.toArray(String[]::new));
    assertEquals(0, outcome.exit(), outcome::toString);
    return outcome.json();
  }

  private static void checkCommon(JsonNode result) {
    double least = result.get("wall_ms_min").asDouble();
    double median = result.get("wall_ms_median").asDouble();
    assertTrue(least > 0 && least <= median, result::toString);
    assertTrue(median <= result.get("wall_ms_max").asDouble(), result::toString);
    assertTrue(result.get("cpu_seconds").asDouble() >= 0, result::toString);
    assertTrue(result.get("rss_mb_peak").asDouble() > 50, result::toString);
  }

  @Test
  void everyLinkGivesTheSameResult() throws Exception {
    List<JsonNode> results = bench("--programs", "compare:100");
    assertEquals(
        List.of("mem", "thread", "lanes", "brpc", "http"),
        results.stream().map(result -> result.get("link").asText()).toList());
    int ports = 0;
    for (JsonNode result : results) {
      checkCommon(result);
      assertEquals("compare:100", result.get("program").asText());
      assertEquals("SEMI2K", result.get("protocol").asText());
      assertTrue(result.get("identical_to_mem").asBoolean(), result::toString);
      assertEquals(0, result.get("largest_difference").asDouble(), result::toString);
      switch (LinkKind.valueOf(result.get("link").asText())) {
        case mem -> assertTrue(result.get("messages").isNull(), result::toString);
        case thread, lanes, http -> {
          assertEquals(14, result.get("messages").asLong(), result::toString);
          assertEquals(11200, result.get("bytes").asLong(), result::toString);
        }
        case brpc -> assertEquals(ports + 1, result.get("listening_ports").asInt());
      }
      ports = result.get("listening_ports").asInt();
    }
  }

  @Test
  void threePartiesTrainTheSameOverLanesAsInMemory() throws Exception {
    JsonNode result =
        bench("--programs", "lr:64x4", "--parties", "3", "--links", "lanes").getFirst();
    checkCommon(result);
    assertEquals("ABY3", result.get("protocol").asText());
    assertEquals(3, result.get("parties").asInt());
    assertTrue(result.get("identical_to_mem").asBoolean(), result::toString);
    assertTrue(result.get("messages").asLong() > 100, result::toString);
  }

  @Test
  void bareLinkIsMeasuredByMessages() throws Exception {
    List<JsonNode> results = bench("--programs", "pingpong:8,stream:1M", "--links", "thread,lanes");
    assertEquals(4, results.size());
    for (JsonNode result : results) {
      checkCommon(result);
      assertFalse(result.has("identical_to_mem"), result::toString);
      if (result.get("program").asText().startsWith("pingpong")) {
        assertEquals(2000, result.get("messages").asLong(), result::toString);
        assertEquals(16000, result.get("bytes").asLong(), result::toString);
        assertTrue(result.get("p50_us").asDouble() > 0, result::toString);
      } else {
        assertEquals((256 << 20) + 1, result.get("bytes").asLong(), result::toString);
        assertTrue(result.get("mb_per_s").asDouble() > 1, result::toString);
      }
    }
  }

  @Test
  void productsAreTheSameWithinTolerance() throws Exception {
    JsonNode result = bench("--programs", "matmul:8", "--links", "thread").getFirst();
    assertTrue(result.get("identical_to_mem").asBoolean(), result::toString);
    assertTrue(result.get("largest_difference").asDouble() < 1e-3, result::toString);
  }
}
