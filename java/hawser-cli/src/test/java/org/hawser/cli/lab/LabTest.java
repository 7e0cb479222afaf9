package org.hawser.cli.lab;

import static org.hawser.cli.lab.Lab.HOST_B;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.hawser.cli.Cli;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The commands between two hosts with four real devices each, which are slowed down and cut. Bounds
 * on time are wide: what counts is that things end, and end well.
 */
@Tag("lab")
class LabTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String RATE = "300mbit";

  @TempDir private Path folder;

  private static Cli listen(Lab lab, Map<String, String> variables) throws Exception {
    var server = lab.start("b", variables, "perf", "--listen", "--once", "--json");
    server.port();
    return server;
  }

  @Test
  void kernelCountsWhatEachLaneSaysItCarried() throws Exception {
    try (var lab = Lab.up("300mbit,300mbit,300mbit,100mbit");
        var receiver =
            lab.start("b", Map.of(), "receive", "--once", "--json", "--dir", folder.toString())) {
      receiver.port();
      var content = new byte[96 << 20];
      new Random(1).nextBytes(content);
      Path file = Files.write(folder.resolve("original"), content);
      long[] before = lab.sent("a");
      JsonNode result;
      try (var sender =
          lab.start("a", Map.of(), "send", "--json", file.toString(), "--as", "copy", HOST_B)) {
        var outcome = sender.await(LIMIT);
        assertEquals(0, outcome.exit(), outcome::toString);
        result = outcome.json().getFirst();
      }
      assertEquals(0, receiver.await(LIMIT).exit());
      long[] after = lab.sent("a");
      assertEquals(-1, Files.mismatch(file, folder.resolve("copy")));
      for (int lane = 0; lane < 4; lane++) {
        JsonNode told = result.get("lanes").get(lane);
        assertEquals("eth" + (lane + 1), told.get("device").asText());
        long payload = told.get("bytes").asLong();
        long counted = after[lane] - before[lane];
        // Headers come on top, and what little is said besides.
        assertTrue(
            counted >= payload && counted <= payload * 1.06 + (1 << 20),
            "eth%d: %d told, %d counted".formatted(lane + 1, payload, counted));
        assertTrue(payload > 1 << 20, result::toString);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"link", "reset", "silent"})
  void cutLaneIsSurvivedAndComesBack(String how) throws Exception {
    try (var lab = Lab.up(RATE);
        var server = listen(lab, Map.of());
        var client =
            lab.start("a", Map.of(), "perf", HOST_B, "--sizes", "4M", "--seconds", "6", "--json")) {
      lab.awaitTraffic();
      lab.cut(3, how);
      Thread.sleep(1000);
      lab.heal(3);
      var outcome = client.await(LIMIT);
      assertEquals(0, outcome.exit(), outcome::toString);
      JsonNode result = outcome.json().getFirst();
      assertTrue(result.get("verified").asBoolean(), result::toString);
      assertTrue(result.get("longest_stall_ms").asDouble() < 2000, result::toString);
      assertTrue(result.get("rejoined_ms").asDouble() < 4000, result::toString);
      for (JsonNode lane : result.get("lanes")) {
        assertTrue(lane.get("alive").asBoolean(), result::toString);
      }
      assertEquals(0, server.await(LIMIT).exit());
    }
  }

  @Test
  void cutLaneEndsALinkThatFailsFast() throws Exception {
    try (var lab = Lab.up(RATE);
        var server = listen(lab, Map.of());
        var client =
            lab.start(
                "a",
                Map.of(),
                "perf",
                HOST_B,
                "--sizes",
                "4M",
                "--seconds",
                "30",
                "--on-lane-loss",
                "fail-fast")) {
      lab.awaitTraffic();
      lab.cut(3, "link");
      var outcome = client.await(Duration.ofSeconds(10));
      assertEquals(1, outcome.exit(), outcome::toString);
      assertTrue(outcome.err().contains("lane 2"), outcome::toString);
      assertTrue(outcome.err().contains("eth3"), outcome::toString);
      assertEquals(1, server.await(LIMIT).exit());
    }
  }

  @Test
  void withoutAnyLaneBothEndsFailInTime() throws Exception {
    var soon = Map.of("HAWSER_LINK_TIMEOUT_MS", "2000");
    try (var lab = Lab.up(RATE);
        var server = listen(lab, soon);
        var client = lab.start("a", soon, "perf", HOST_B, "--sizes", "4M", "--seconds", "60")) {
      lab.awaitTraffic();
      for (int lane = 1; lane <= 4; lane++) {
        lab.cut(lane, "silent");
      }
      var outcome = client.await(Duration.ofSeconds(15));
      assertEquals(1, outcome.exit(), outcome::toString);
      // Behind the warning that the lab's lanes are in the clear.
      assertTrue(
          outcome.err().lines().anyMatch(line -> line.startsWith("hawser: the link to ")),
          outcome::toString);
      assertEquals(1, server.await(Duration.ofSeconds(15)).exit());
    }
  }

  @Test
  void slowLaneSlowsNothingDown() throws Exception {
    try (var lab = Lab.up("300mbit,300mbit,300mbit,30mbit");
        var server = listen(lab, Map.of());
        var client =
            lab.start("a", Map.of(), "perf", HOST_B, "--sizes", "4M", "--seconds", "4", "--json")) {
      var outcome = client.await(LIMIT);
      assertEquals(0, outcome.exit(), outcome::toString);
      JsonNode result = outcome.json().getFirst();
      // Equal shares would give four times the slowest: 0.12.
      assertTrue(result.get("gbit_per_s").asDouble() > 0.7, result::toString);
      assertTrue(
          result.get("lanes").get(3).get("bytes").asLong()
              < result.get("lanes").get(0).get("bytes").asLong() / 3,
          result::toString);
      assertEquals(0, server.await(LIMIT).exit());
    }
  }
}
