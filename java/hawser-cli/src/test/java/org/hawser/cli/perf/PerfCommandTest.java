package org.hawser.cli.perf;

import static org.hawser.cli.Cli.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.hawser.cli.Cli;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code hawser perf} between real processes over loopback. */
class PerfCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Set<String> FIELDS =
      Set.of(
          "op",
          "bytes",
          "window",
          "iterations",
          "seconds",
          "gbit_per_s",
          "p50_us",
          "p99_us",
          "cpu_seconds",
          "verified",
          "lanes");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --op bw --sizes 1,8,64K,1M --window 8    | 1,8,65536,1048576
          --op bibw --sizes 100,1M                 | 100,1048576
          --op lat --sizes 3,8,256K                | 3,8,262144
          --op lat --sizes 8 --wait spin           | 8
          --sizes 1M --lanes lo,lo --net ofi:tcp   | 1048576
          --sizes 1M --lanes lo,lo --chunk 64K --scheduler weighted:3,1 --checksum off | 1048576
          """)
  void localPrintsOneObjectASize(String options, String sizes) throws Exception {
    var arguments = new ArrayList<>(List.of("perf", "--local", "--json", "--seconds", "0.3"));
    arguments.addAll(List.of(options.strip().split(" ")));
    var outcome = Cli.run(Map.of(), LIMIT, arguments.toArray(String[]::new));
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(
        List.of(sizes.split(",")),
        outcome.json().stream().map(result -> result.get("bytes").asText()).toList());
    for (JsonNode result : outcome.json()) {
      checkResult(result, options.contains("lo,lo") ? 2 : 4);
    }
  }

  private static void checkResult(JsonNode result, int lanes) {
    Set<String> names = new TreeSet<>();
    result.fieldNames().forEachRemaining(names::add);
    assertTrue(names.containsAll(FIELDS), result::toString);
    assertTrue(result.get("verified").isBoolean() && result.get("verified").asBoolean());
    assertTrue(result.get("iterations").asLong() > 0, result::toString);
    assertTrue(result.get("seconds").asDouble() >= 0.29, result::toString);
    assertTrue(result.get("gbit_per_s").asDouble() > 0, result::toString);
    assertTrue(result.get("p50_us").asDouble() > 0, result::toString);
    assertTrue(result.get("p99_us").asDouble() >= result.get("p50_us").asDouble());
    assertEquals(lanes, result.get("lanes").size());
    long carried = 0;
    for (JsonNode lane : result.get("lanes")) {
      assertEquals("lo", lane.get("device").asText());
      assertTrue(lane.get("alive").asBoolean());
      carried += lane.get("bytes").asLong();
    }
    // What is in flight at the two edges of the measured time may differ by a window.
    long payload = result.get("iterations").asLong() * result.get("bytes").asLong();
    long slack = result.get("bytes").asLong() * result.get("window").asLong() * 4;
    assertTrue(carried >= payload - slack, result::toString);
  }

  /** The driver that the native tests put in a GPU's place. */
  private static final Path FAKE_DRIVER =
      Path.of("../../build/cmake/cpp/tests/fake_cuda/libcuda.so.1");

  @ParameterizedTest
  @CsvSource({
    "bw, cuda:1, '8,64K,2M'",
    "bibw, cuda, 1M",
    "lat, cuda:0, '3,100,256K'",
    "bw, pinned, 1M"
  })
  void messagesMayLieInMemoryOfGpus(String op, String memory, String sizes) throws Exception {
    assumeTrue(Files.exists(FAKE_DRIVER), "the native tests are not built, or without CUDA");
    var variables =
        Map.of(
            "LD_LIBRARY_PATH",
            FAKE_DRIVER.toAbsolutePath().getParent().toString(),
            "FAKE_CUDA_GUARD",
            "1");
    var arguments = new ArrayList<>(List.of("perf", "--local", "--json", "--seconds", "0.3"));
    arguments.addAll(List.of("--op", op, "--memory", memory, "--sizes", sizes));
    var outcome = Cli.run(variables, LIMIT, arguments.toArray(String[]::new));
    assumeFalse(outcome.err().contains("without CUDA"), outcome::toString);
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(sizes.split(",").length, outcome.json().size());
    for (JsonNode result : outcome.json()) {
      checkResult(result, 4);
      assertEquals(memory.equals("cuda") ? "cuda:0" : memory, result.get("memory").asText());
    }
  }

  @Test
  void memoryThatCannotBeHadIsAnErrorThatSaysWhy() throws Exception {
    var outcome = Cli.run(LOOPBACK, LIMIT, "perf", "--local", "--memory", "cuda:63");
    assertEquals(1, outcome.exit(), outcome::toString);
    assertTrue(Stream.of("CUDA", "GPU 63").anyMatch(outcome.err()::contains), outcome::toString);
    outcome = Cli.run(LOOPBACK, LIMIT, "perf", "--local", "--memory", "disk");
    assertEquals(2, outcome.exit(), outcome::toString);
    assertTrue(outcome.err().contains("host, pinned or cuda[:N]"), outcome::toString);
  }

  @Test
  void serverServesOneClientAfterTheOther() throws Exception {
    try (var server =
        Cli.start(LOOPBACK, "perf", "--listen", "--bind", "127.0.0.1", "--port", "0", "--json")) {
      String address = "127.0.0.1:" + server.port();
      for (int i = 0; i < 2; i++) {
        var outcome =
            Cli.run(LOOPBACK, LIMIT, "perf", address, "--seconds", "0.2", "--sizes", "64K");
        assertEquals(0, outcome.exit(), outcome::toString);
        assertTrue(outcome.out().getFirst().contains("verified"), outcome::toString);
        assertTrue(outcome.out().stream().anyMatch(line -> line.contains("#")), outcome::toString);
      }
      assertTrue(server.isRunning());
    }
  }

  @Test
  void killedServerIsAnErrorAtTheClient() throws Exception {
    killOneOfTwo(true);
  }

  @Test
  void killedClientIsAnErrorAtTheServer() throws Exception {
    killOneOfTwo(false);
  }

  private static void killOneOfTwo(boolean killServer) throws Exception {
    try (var server = listenOnce();
        var client = Cli.start(LOOPBACK, "perf", "127.0.0.1:" + server.port(), "--seconds", "60")) {
      Thread.sleep(2500);
      assertTrue(server.isRunning() && client.isRunning());
      (killServer ? server : client).handle().destroyForcibly();
      var outcome = (killServer ? client : server).await(Duration.ofSeconds(15));
      assertEquals(1, outcome.exit(), outcome::toString);
      assertTrue(outcome.err().startsWith("hawser: "), outcome::toString);
    }
  }

  private static Cli listenOnce() throws IOException {
    return Cli.start(
        LOOPBACK, "perf", "--listen", "--once", "--bind", "127.0.0.1", "--port", "0", "--json");
  }

  @Test
  void strangersAndGarbageDoNotDisturbARun() throws Exception {
    try (var server = listenOnce()) {
      int port = server.port();
      try (var client =
          Cli.start(
              LOOPBACK, "perf", "127.0.0.1:" + port, "--seconds", "4", "--sizes", "1M", "--json")) {
        Thread.sleep(2000);
        Set<Integer> ports = listeningPorts(server.handle().pid());
        assertTrue(ports.contains(port), ports::toString);
        for (int each : ports) {
          annoy(each);
        }
        var outcome = client.await(LIMIT);
        assertEquals(0, outcome.exit(), outcome::toString);
        JsonNode result = outcome.json().getFirst();
        assertTrue(result.get("verified").asBoolean(), outcome::toString);
        for (JsonNode lane : result.get("lanes")) {
          assertTrue(lane.get("alive").asBoolean(), outcome::toString);
        }
        assertEquals(0, server.await(LIMIT).exit());
      }
    }
  }

  /** The ports that a process listens at, from ss. */
  private static Set<Integer> listeningPorts(long pid) throws Exception {
    try (var ss = Cli.start(Map.of(), List.of("ss", "-H", "-t", "-l", "-n", "-p"))) {
      Set<Integer> ports = new TreeSet<>();
      for (String line : ss.await(LIMIT).out()) {
        if (line.contains("pid=" + pid + ",")) {
          String local = line.strip().split("\\s+")[3];
          ports.add(Integer.parseInt(local.substring(local.lastIndexOf(':') + 1)));
        }
      }
      return ports;
    }
  }

  /** One who says nothing, one who hangs up, and one who talks rubbish. */
  private static void annoy(int port) throws IOException {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    try (var brief = new Socket()) {
      brief.connect(address, 2000);
    }
    try (var silent = new Socket();
        var loud = new Socket()) {
      silent.connect(address, 2000);
      loud.connect(address, 2000);
      var rubbish = new byte[4096];
      new Random(port).nextBytes(rubbish);
      OutputStream out = loud.getOutputStream();
      for (int i = 0; i < 16; i++) {
        out.write(rubbish);
      }
    } catch (IOException e) {
      // Being thrown out is what we asked for.
    }
  }
}
