package org.hawser.cli.stat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.hawser.cli.Cli;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What two ranks that wait for each other, and one that was killed, tell of themselves. */
class StatCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  @TempDir Path folder;

  private Map<String, String> variables() {
    return Map.of("HAWSER_STAT_DIR", folder.toString());
  }

  private Cli rank(int rank, String point) throws Exception {
    return Cli.start(
        Map.of(
            "HAWSER_STAT_DIR",
            folder.toString(),
            "HAWSER_LANES",
            "lo,lo",
            "HAWSER_RANK",
            Integer.toString(rank),
            "HAWSER_SIZE",
            "2",
            "HAWSER_RENDEZVOUS",
            point),
        Cli.program(HungRank.class, List.of()));
  }

  private JsonNode look(String... target) throws Exception {
    String[] arguments = new String[target.length + 2];
    arguments[0] = "stat";
    arguments[1] = "--json";
    System.arraycopy(target, 0, arguments, 2, target.length);
    var outcome = Cli.run(variables(), LIMIT, arguments);
    assertEquals(0, outcome.exit(), outcome::toString);
    return outcome.json().getFirst();
  }

  /** They are in their wait within moments; a machine that is busy takes longer. */
  private JsonNode lookUntilTwoWait() throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    JsonNode seen = look();
    while (seen.get("waits").size() < 2 && System.nanoTime() < end) {
      seen = look();
    }
    return seen;
  }

  @Test
  void aHungPairIsNamedAndAKilledProcessIsRead() throws Exception {
    String point;
    try (var socket = new ServerSocket(0)) {
      point = "127.0.0.1:" + socket.getLocalPort();
    }
    try (var first = rank(0, point);
        var second = rank(1, point)) {
      first.firstLine();
      second.firstLine();
      long pid = first.handle().pid();

      JsonNode seen = lookUntilTwoWait();
      assertEquals(2, seen.get("processes").size(), seen::toString);
      JsonNode wait = waitOf(seen, pid);
      assertEquals(0, wait.get("rank").asInt(), seen::toString);
      assertEquals(1, wait.get("peer_rank").asInt(), seen::toString);
      assertEquals(second.handle().pid(), wait.get("peer_pid").asLong(), seen::toString);
      assertEquals("receive under key grad/3", wait.get("what").asText());
      assertEquals(1, seen.get("circles").size(), seen::toString);

      var text = Cli.run(variables(), LIMIT, "stat", Long.toString(pid));
      assertTrue(
          text.toString().contains("rank 0 (pid %d) waits for rank 1 (pid".formatted(pid)),
          text::toString);
      assertTrue(text.toString().contains("IN A CIRCLE: "), text::toString);
      assertTrue(text.toString().contains("link to rank 1 at "), text::toString);

      first.handle().destroyForcibly();
      first.handle().onExit().join();
      JsonNode dead = look(Long.toString(pid)).get("processes").get(0);
      assertEquals("DEAD", dead.get("state").asText(), dead::toString);
      assertEquals(2, dead.get("links").get(0).get("lanes").size(), dead::toString);
      assertTrue(dead.get("links").get(0).get("lanes").get(0).get("sent_messages").asLong() > 0);
      assertEquals("receive under key grad/3", dead.get("waits").get(0).get("what").asText());
      // Whoever watches a process stops where there is nothing more to come.
      var watched = Cli.run(variables(), LIMIT, "stat", dead.get("file").asText(), "--watch");
      assertTrue(watched.toString().contains("is DEAD"), watched::toString);
    }
  }

  private static JsonNode waitOf(JsonNode seen, long pid) {
    return StreamSupport.stream(seen.get("waits").spliterator(), false)
        .filter(wait -> wait.get("pid").asLong() == pid)
        .findFirst()
        .orElseThrow(() -> new AssertionError("process %d waits: %s".formatted(pid, seen)));
  }

  @Test
  void whoListensAndWhoConnectsIsSeenToWait() throws Exception {
    var lanes = Map.of("HAWSER_STAT_DIR", folder.toString(), "HAWSER_LANES", "=lo");
    try (var mute = new ServerSocket(0);
        var listens = Cli.start(lanes, "perf", "--listen", "--json", "--port", "0");
        var connects = Cli.start(lanes, "perf", "127.0.0.1:" + mute.getLocalPort())) {
      int port = listens.port();
      JsonNode seen = lookUntilTwoWait();
      assertEquals(
          "somebody to connect to port " + port,
          waitOf(seen, listens.handle().pid()).get("what").asText());
      assertEquals(
          "a link to 127.0.0.1:" + mute.getLocalPort(),
          waitOf(seen, connects.handle().pid()).get("what").asText());
    }
  }

  @Test
  void aFolderWithoutProcessesIsNoError() throws Exception {
    var outcome = Cli.run(variables(), LIMIT, "stat");
    assertEquals(0, outcome.exit(), outcome::toString);
    assertTrue(outcome.out().getFirst().startsWith("no process"), outcome::toString);
  }
}
