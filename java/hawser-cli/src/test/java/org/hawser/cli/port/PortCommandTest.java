package org.hawser.cli.port;

import static org.hawser.cli.Cli.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.Cli;
import org.hawser.lane.LaneOptions;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortContext;
import org.hawser.port.Transport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code hawser port} between real processes. */
class PortCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /** The provider of libfabric that needs no device. */
  private static final String PROVIDER = "tcp";

  private static Map<String, String> variables() {
    var variables = new HashMap<>(LOOPBACK);
    variables.put("HAWSER_OFI_PROVIDER", PROVIDER);
    return variables;
  }

  private static void assumeAvailable(Transport transport) {
    var config =
        EndpointConfig.of(transport).withIb(EndpointConfig.Ib.defaults().withProvider(PROVIDER));
    try (var context = PortContext.open(LaneOptions.defaults().withLanes("lo"))) {
      context.endpoint(config).close();
    } catch (HawserException e) {
      assumeTrue(e.code() != ErrorCode.UNSUPPORTED, e::getMessage);
      throw e;
    }
  }

  private static int freePort() throws Exception {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP", "IB0"})
  void localPrintsOneObjectASize(Transport transport) throws Exception {
    assumeAvailable(transport);
    var outcome =
        Cli.run(
            variables(),
            LIMIT,
            "port",
            "--transport",
            transport.title(),
            "--json",
            "--sizes",
            "1K,1M",
            "--iterations",
            "20");
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(2, outcome.out().size(), outcome::toString);
    List<Long> bytes = List.of(1L << 10, 1L << 20);
    for (int i = 0; i < 2; i++) {
      JsonNode result = outcome.json().get(i);
      Set<String> names = new TreeSet<>();
      result.fieldNames().forEachRemaining(names::add);
      assertEquals(Set.of("transport", "bytes", "ms_per_iter", "gb_per_s", "verified"), names);
      assertEquals(transport.title(), result.get("transport").asText());
      assertEquals(bytes.get(i), result.get("bytes").asLong());
      assertTrue(result.get("verified").asBoolean(), outcome::toString);
      double product = result.get("ms_per_iter").asDouble() * result.get("gb_per_s").asDouble();
      assertEquals(bytes.get(i) / 1e6, product, bytes.get(i) / 1e8);
    }
  }

  /** The driver that the native tests put in a GPU's place; it runs kernels on the host. */
  private static final Path FAKE_DRIVER =
      Path.of("../../build/cmake/cpp/tests/fake_cuda/libcuda.so.1");

  @Test
  void kernelsPutOverCudaIpc() throws Exception {
    assumeTrue(Files.exists(FAKE_DRIVER), "the native tests are not built");
    var variables = new HashMap<>(LOOPBACK);
    variables.put("LD_LIBRARY_PATH", FAKE_DRIVER.toAbsolutePath().getParent().toString());
    var outcome = Cli.run(variables, LIMIT, "port", "--sizes", "1K,1M", "--iterations", "20");
    assumeFalse(outcome.err().contains("without CUDA"), outcome::toString);
    assertEquals(0, outcome.exit(), outcome::toString);
    List<String> lines = outcome.out();
    assertEquals(5, lines.size(), outcome::toString);
    assertEquals(
        Set.of("GPU 0: Preparing for tests ...", "GPU 1: Preparing for tests ..."),
        Set.copyOf(lines.subList(0, 2)));
    assertTrue(lines.get(2).startsWith("GPU 0: [Bidir PutWithSignal] bytes 1024, "));
    assertTrue(lines.get(3).startsWith("GPU 0: [Bidir PutWithSignal] bytes 1048576, "));
    assertEquals("Succeed!", lines.getLast());
  }

  @ParameterizedTest
  @CsvSource({"Memory, ''", "Tcp, lo:"})
  void toldRanksPrintWhatTheExamplePrints(String transport, String device) throws Exception {
    assumeAvailable(Transport.parse(transport));
    String point = device + "127.0.0.1:" + freePort();
    try (var first = start(point, "0", transport);
        var second = start(point, "1", transport)) {
      var one = first.await(LIMIT);
      var other = second.await(LIMIT);
      assertEquals(0, one.exit(), one::toString);
      assertEquals(0, other.exit(), other::toString);
      assertEquals(
          List.of("Rank 1: Preparing for tests ...", "Succeed!"), other.out(), other::toString);
      assertEquals(4, one.out().size(), one::toString);
      assertEquals("Rank 0: Preparing for tests ...", one.out().getFirst());
      for (int i = 1; i <= 2; i++) {
        assertTrue(
            one.out()
                .get(i)
                .matches(
                    "Rank 0: \\[Bidir PutWithSignal] bytes %s, elapsed [0-9.]+ ms/iter, BW [0-9.]+ GB/s"
                        .formatted(i == 1 ? "1001" : "65536")),
            one::toString);
      }
      assertEquals("Succeed!", one.out().getLast());
    }
  }

  private static Cli start(String point, String rank, String transport) throws Exception {
    return Cli.start(
        LOOPBACK, "port", point, rank, "-1", transport, "--sizes", "1001,64K", "--iterations", "5");
  }

  @Test
  void launchedRanksChooseMemoryOnOneMachine() throws Exception {
    String point = "127.0.0.1:" + freePort();
    try (var first = launched(point, 0);
        var second = launched(point, 1)) {
      var one = first.await(LIMIT);
      assertEquals(0, one.exit(), one::toString);
      assertEquals(0, second.await(LIMIT).exit());
      assertEquals("Memory", one.json().getFirst().get("transport").asText());
    }
  }

  private static Cli launched(String point, int rank) throws Exception {
    var variables = new HashMap<>(LOOPBACK);
    variables.put("HAWSER_RANK", Integer.toString(rank));
    variables.put("HAWSER_SIZE", "2");
    variables.put("HAWSER_RENDEZVOUS", point);
    return Cli.start(variables, "port", "--json", "--sizes", "4K", "--iterations", "3");
  }

  @Test
  void aKilledRankIsAnErrorAtTheOther() throws Exception {
    String point = "127.0.0.1:" + freePort();
    String[] endless = {"--sizes", "8,128M", "--iterations", "20000"};
    try (var first = Cli.start(LOOPBACK, arguments(point, "0", endless));
        var second = Cli.start(LOOPBACK, arguments(point, "1", endless))) {
      first.firstLine();
      second.firstLine();
      second.handle().destroyForcibly();
      var outcome = first.await(Duration.ofSeconds(40));
      assertEquals(1, outcome.exit(), outcome::toString);
      assertTrue(outcome.err().contains("rank 1"), outcome::toString);
    }
  }

  private static String[] arguments(String point, String rank, String... more) {
    return Stream.concat(Stream.of("port", point, rank, "-1", "Memory"), Stream.of(more))
        .toArray(String[]::new);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void ranksGatherByAProxyOfTheirOwn(Transport transport) throws Exception {
    assumeAvailable(transport);
    var outcome =
        Cli.run(
            LOOPBACK,
            LIMIT,
            "port",
            "--all-gather",
            "3",
            "--transport",
            transport.title(),
            "--sizes",
            "8,1M");
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(
        List.of(
            "3 ranks gathered 8 bytes of each over %s: verified".formatted(transport),
            "3 ranks gathered 1048576 bytes of each over %s: verified".formatted(transport)),
        outcome.out());
  }
}
