package org.hawser.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hawser.cli.Cli;
import org.hawser.ffi.SpuLibrary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  void tellsHowLinksAreProtected() throws Exception {
    assertFalse(doctor(Map.of()).get("trust").get("insecure").asBoolean());
    var insecure = Cli.run(Map.of("HAWSER_INSECURE", "1"), LIMIT, "doctor", "--lanes", "lo");
    assertTrue(
        insecure.out().stream().anyMatch(line -> line.startsWith("trust    INSECURE")),
        insecure::toString);
    assertTrue(insecure.err().contains("clear text may go to other machines"), insecure::toString);
    String key = "0123456789abcdef0123456789abcdef";
    JsonNode secure = doctor(Map.of("HAWSER_TLS_PSK", key));
    assertEquals("pre-shared key of HAWSER_TLS_PSK", secure.get("trust").get("identity").asText());
    assertFalse(secure.toString().contains(key));
  }

  @Test
  void tellsOfGpusPluginsAndLibfabricOrWhyNot() throws Exception {
    JsonNode found = doctor(Map.of("NCCL_NET_PLUGIN", "nonesuch"));
    JsonNode gpus = found.get("gpus");
    assertTrue(gpus.get("problem").isTextual() || !gpus.get("driver").isNull(), gpus::toString);
    JsonNode plugin = found.get("plugins").get("found").get(0);
    assertEquals("nonesuch", plugin.get("name").asText(), plugin::toString);
    assertTrue(plugin.get("problem").isTextual(), plugin::toString);
    JsonNode libfabric = found.get("libfabric");
    boolean there = libfabric.get("problem").isNull();
    assertEquals(there, !libfabric.get("providers").isEmpty(), libfabric::toString);
    assertEquals(
        there, found.get("ports").valueStream().anyMatch(port -> port.asText().startsWith("IB")));
    assertEquals("Memory", found.get("ports").get(0).asText());

    var people = Cli.run(Map.of("NCCL_NET_PLUGIN", "nonesuch"), LIMIT, "doctor", "--lanes", "lo");
    String text = String.join("\n", people.out());
    for (String title : new String[] {"GPUs ", "plugins ", "libfabric", "ports ", "nonesuch: "}) {
      assertTrue(text.contains(title), text);
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
  void tellsOfLibspu() throws Exception {
    assumeTrue(SpuLibrary.isAvailable(), "libspu is not installed");
    JsonNode spu = doctor(Map.of()).get("spu");
    assertTrue(spu.get("available").asBoolean(), spu::toString);
    assertEquals(SpuLibrary.facts().spu(), spu.get("version").asText());
    assertTrue(spu.get("python").asText().startsWith("3."), spu::toString);
    assertEquals(System.getenv("HAWSER_PYTHON"), spu.get("environment").asText());
    assertTrue(spu.get("origin").asText().contains("libhawser_spu.so"), spu::toString);
    assertTrue(spu.get("create_with_channels").asBoolean(), spu::toString);
  }

  @Test
  void tellsWhatGetsLibspuAndIsWellWithoutIt() throws Exception {
    JsonNode found = doctor(Map.of("HAWSER_PYTHON", "/nonexistent"));
    assertTrue(found.get("ok").asBoolean(), found::toString);
    assertFalse(found.get("spu").get("available").asBoolean());
    assertTrue(found.get("spu").get("problem").asText().contains("scripts/setup"));
    JsonNode lack =
        found
            .get("missing")
            .valueStream()
            .filter(each -> each.get("what").asText().startsWith("libspu"))
            .findFirst()
            .orElseThrow();
    assertFalse(lack.get("required").asBoolean());
    assertEquals("scripts/setup", lack.get("command").asText());
  }

  @Test
  void tellsOfAPythonWithoutLibspu(@TempDir Path folder) throws Exception {
    assumeTrue(SpuLibrary.isAvailable(), "libspu is not installed");
    String python = Path.of(SpuLibrary.facts().environment(), "bin", "python").toString();
    var made =
        new ProcessBuilder(python, "-m", "venv", "--without-pip", folder.toString())
            .inheritIO()
            .start();
    assertTrue(made.waitFor(30, TimeUnit.SECONDS));
    String problem =
        doctor(Map.of("HAWSER_PYTHON", folder.toString())).get("spu").get("problem").asText();
    assertTrue(problem.contains("there is no package spu in " + folder), problem);
  }

  private static JsonNode doctor(Map<String, String> environment) throws Exception {
    var outcome = Cli.run(environment, LIMIT, "doctor", "--json", "--lanes", "lo");
    assertEquals(0, outcome.exit(), outcome::toString);
    return outcome.json().getFirst();
  }

  @Test
  void tellsDevicesThatAreNotThere() throws Exception {
    var outcome = Cli.run(Map.of(), LIMIT, "doctor", "--lanes", "=nonesuch0");
    assertEquals(1, outcome.exit(), outcome::toString);
    assertTrue(String.join("\n", outcome.out()).contains("nonesuch0"), outcome::toString);
  }
}
