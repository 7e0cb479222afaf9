package org.hawser.cli.unpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.cli.common.Json;
import org.hawser.mem.DeviceBuffer;
import org.junit.jupiter.api.Test;

/** {@code hawser unpack-bench} as a process. */
class UnpackBenchCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void everyExecutorIsMeasuredOrNamedWithTheReason() throws Exception {
    var outcome =
        Cli.run(
            Map.of(),
            LIMIT,
            "unpack-bench",
            "--json",
            "--bytes",
            "1M",
            "--fragments",
            "700,4K",
            "--rounds",
            "3");
    assertEquals(0, outcome.exit(), outcome::toString);
    List<String> seen = new ArrayList<>();
    for (String line : outcome.out()) {
      JsonNode row = Json.tree(line);
      seen.add(row.get("executor").asText() + " " + row.path("fragment").asText("absent"));
      if (row.has("absent")) {
        assertTrue(row.get("absent").asText().contains("CUDA"), line);
      } else {
        assertEquals(1 << 20, row.get("bytes").asInt(), line);
        assertTrue(row.get("gb_per_s").asDouble() > 0, line);
        assertTrue(row.get("memcpy_gb_per_s").asDouble() > 0, line);
      }
    }
    List<String> expected =
        DeviceBuffer.gpus() > 0
            ? List.of("host 700", "host 4096", "copy 700", "copy 4096", "kernel 700", "kernel 4096")
            : List.of("host 700", "host 4096", "copy absent", "kernel absent");
    assertEquals(expected, seen);
  }

  @Test
  void sizesThatAreNoneAreWrongUse() throws Exception {
    for (String size : List.of("0", "5G", "some")) {
      var outcome = Cli.run(Map.of(), LIMIT, "unpack-bench", "--fragments", size);
      assertEquals(2, outcome.exit(), outcome::toString);
    }
  }
}
