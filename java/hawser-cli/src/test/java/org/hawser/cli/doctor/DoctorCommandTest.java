package org.hawser.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import org.hawser.cli.Cli;
import org.junit.jupiter.api.Test;

/** {@code hawser doctor} on a machine that is well, and on one that is not. */
class DoctorCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Test
  void tellsWhatItFinds() throws Exception {
    var outcome = Cli.run(Map.of(), LIMIT, "doctor", "--json", "--lanes", "lo,lo");
    assertEquals(0, outcome.exit(), outcome::toString);
    JsonNode found = outcome.json().getFirst();
    assertTrue(found.get("ok").asBoolean());
    assertEquals(Runtime.version().toString(), found.get("jdk").get("version").asText());
    assertTrue(found.get("native").get("loaded").asBoolean());
    assertTrue(found.get("native").get("origin").asText().contains("libhawser.so"));
    assertFalse(found.get("native").get("version").asText().isEmpty());
    assertTrue(found.get("features").get("epoll_pwait2").isBoolean());
    JsonNode loopback =
        found
            .get("devices")
            .valueStream()
            .filter(device -> device.get("name").asText().equals("lo"))
            .findFirst()
            .orElseThrow();
    assertEquals("127.0.0.1", loopback.get("address").asText());
    assertTrue(loopback.get("mtu").asInt() > 0);
    assertEquals(0, loopback.get("lane").asInt());
    for (String field : new String[] {"speed_mbps", "numa_node", "up", "pci", "reason"}) {
      assertTrue(loopback.has(field), loopback::toString);
    }
  }

  @Test
  void tellsWhyTheNativeLibraryCannotBeLoadedAndWhatHelps() throws Exception {
    // Nothing at the path that is named, and no folder to unpack the jar's own library into.
    var broken =
        Map.of(
            "JAVA_TOOL_OPTIONS",
            "-Dhawser.library.path=/nonexistent -Djava.io.tmpdir=/nonexistent"
                + " -Djava.library.path=/nonexistent");
    var outcome = Cli.run(broken, LIMIT, "doctor", "--json");
    assertEquals(1, outcome.exit(), outcome::toString);
    JsonNode found = outcome.json().getFirst();
    assertFalse(found.get("ok").asBoolean());
    assertFalse(found.get("native").get("loaded").asBoolean());
    assertTrue(found.get("native").get("problem").asText().contains("/nonexistent"));
    assertTrue(found.get("missing").get(0).get("command").asText().startsWith("scripts/setup"));
    var people = Cli.run(broken, LIMIT, "doctor");
    assertEquals(1, people.exit(), people::toString);
    assertTrue(String.join("\n", people.out()).contains("get it with: scripts/setup"));
  }

  @Test
  void tellsDevicesThatAreNotThere() throws Exception {
    var outcome = Cli.run(Map.of(), LIMIT, "doctor", "--lanes", "=nonesuch0");
    assertEquals(1, outcome.exit(), outcome::toString);
    assertTrue(String.join("\n", outcome.out()).contains("nonesuch0"), outcome::toString);
  }
}
