package org.hawser.cli.simp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.Cli;
import org.hawser.cli.common.FreePort;
import org.hawser.http.HttpOptions;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHttpDriver;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.Serde;
import org.hawser.spu.Tensor;
import org.hawser.trust.CertificateAuthority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hawser worker} as processes, with drivers of this one. */
class WorkerCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Type ANY = Type.CustomType.ANY;

  /** In the form that mplang's command makes. */
  private static final String CLUSTER =
      """
      cluster_id: test
      nodes:
        - name: node_0
          endpoint: http://127.0.0.1:%d
          runtime_info: {version: "0.1", platform: linux, op_bindings: {}}
        - name: node_1
          endpoint: 127.0.0.1:%d
          runtime_info: {version: "0.1", platform: linux, op_bindings: {}}
      devices:
        P0: {kind: PPU, members: [node_0], config: {}}
      """;

  @TempDir private Path folder;

  private final List<Cli> workers = new ArrayList<>();
  private Path cluster;
  private List<String> endpoints;

  private void startCluster(String... options) throws Exception {
    startCluster(_ -> options);
  }

  /**
   * @param options by rank
   */
  private void startCluster(IntFunction<String[]> options) throws Exception {
    int first = FreePort.find();
    int second = FreePort.find();
    endpoints = List.of("127.0.0.1:" + first, "http://127.0.0.1:" + second);
    cluster = Files.writeString(folder.resolve("cluster.yaml"), CLUSTER.formatted(first, second));
    for (int rank = 0; rank < 2; rank++) {
      workers.add(startWorker(rank, options.apply(rank)));
    }
    for (int rank = 0; rank < 2; rank++) {
      assertEquals(List.of(first, second).get(rank), workers.get(rank).port());
    }
  }

  private Cli startWorker(int rank, String... options) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("worker", "--config=" + cluster, "--rank=" + rank, "--json"));
    arguments.addAll(List.of(options));
    return Cli.start(Map.of(), arguments.toArray(String[]::new));
  }

  private SimpHttpDriver driver() {
    return SimpHttpDriver.connect(HttpOptions.DEFAULT, endpoints, LIMIT);
  }

  @AfterEach
  void stop() throws Exception {
    for (Cli worker : workers) {
      worker.close();
    }
  }

  /** Runs a graph that fails, without waiting. */
  private static CompletableFuture<HawserException> failing(SimpHttpDriver driver, Graph graph) {
    return CompletableFuture.supplyAsync(
        () -> assertThrows(HawserException.class, () -> driver.run(graph, List.of())),
        Thread::startVirtualThread);
  }

  /** Rank 1 waits for what rank 0 never sends. */
  private static Graph hanging() {
    var inner = Graph.builder();
    Value mine = inner.input("x", ANY);
    Map<String, Object> routing = Map.of("routing", Map.of(1L, 0L));
    Value moved = inner.op("simp.shuffle", List.of(mine), List.of(ANY), routing).getFirst();
    Graph region = inner.output(moved).build();
    var builder = Graph.builder();
    Value number = call(builder, 1, List.of(), constant(Graph.builder()));
    return builder.output(call(builder, 1, List.of(number), region)).build();
  }

  /** Rank 0 saves a number. */
  private static Graph saving(String uri) {
    var inner = Graph.builder();
    Value number = inner.input("x", ANY);
    Map<String, Object> name = Map.of("uri_base", uri);
    Value saved = inner.op("store.save", List.of(number), List.of(ANY), name).getFirst();
    Graph region = inner.output(saved).build();
    var builder = Graph.builder();
    Value made = call(builder, 0, List.of(), constant(Graph.builder()));
    return builder.output(call(builder, 0, List.of(made), region)).build();
  }

  private static Graph constant(Graph.Builder builder) {
    var type = new Type.TensorType(new Type.IntegerType(64, true), List.of());
    Map<String, Object> one = Map.of("value_b64", "AQAAAAAAAAA=");
    return builder
        .output(builder.op("tensor.constant", List.of(), List.of(type), one).getFirst())
        .build();
  }

  private static Value call(Graph.Builder builder, long party, List<Value> inputs, Graph region) {
    Map<String, Object> attributes = Map.of("fn_name", "test", "parties", List.of(party));
    return builder
        .op("simp.pcall_static", inputs, List.of(ANY), attributes, List.of(region))
        .getFirst();
  }

  /** {@code hawser simp run} over the cluster. */
  private Cli.Outcome runProgram(String... options) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("program.json"), Serde.toJson(SimpCommandTest.program()).toString());
    List<String> arguments =
        new ArrayList<>(List.of("simp", "run", file.toString(), "--cluster=" + cluster, "--json"));
    arguments.addAll(List.of(options));
    return Cli.run(Map.of(), LIMIT, arguments.toArray(String[]::new));
  }

  private static void assertRan(Cli.Outcome outcome) {
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(
        List.of("[1.0,2.0]", "[1.0,2.0]"),
        outcome.json().stream().map(result -> result.get("values").toString()).toList());
  }

  private String[] identity(CertificateAuthority authority, String name) {
    Path place = folder.resolve(authority + name);
    authority.issueInto(place, name, List.of(name, "127.0.0.1"), Duration.ofDays(1));
    return new String[] {"--identity=" + place};
  }

  @Test
  void programsRunOverProcesses() throws Exception {
    startCluster();
    assertRan(runProgram());
  }

  @Test
  void onlyWhoShowsACertificateGetsIn() throws Exception {
    var ours = CertificateAuthority.create("ours", Duration.ofDays(1));
    // A rank's certificate says its node's name.
    startCluster(rank -> identity(ours, "node_" + rank));
    assertRan(runProgram(identity(ours, "driver")));

    var others = CertificateAuthority.create("others", Duration.ofDays(1));
    for (String[] options : List.of(new String[0], identity(others, "driver"))) {
      var refused = runProgram(options);
      assertEquals(1, refused.exit(), refused::toString);
      assertTrue(refused.err().contains("rank 0 at 127.0.0.1:"), refused::toString);
    }
    assertRan(runProgram(identity(ours, "second")));
  }

  @Test
  void onlyWhoKnowsTheKeyGetsIn() throws Exception {
    String[] ours = {"--psk-file=" + preShared("ours")};
    startCluster(ours);
    assertRan(runProgram(ours));
    var refused = runProgram("--psk-file=" + preShared("others"));
    assertEquals(1, refused.exit(), refused::toString);
    assertTrue(refused.err().contains("rank 0 at 127.0.0.1:"), refused::toString);
  }

  private Path preShared(String name) throws Exception {
    Path file = folder.resolve(name);
    assertEquals(0, Cli.here("identity", "new", "--psk-file=" + file).exit());
    return file;
  }

  @Test
  void aWorkerThatIsKilledFailsItsJobAndIsNamed() throws Exception {
    startCluster();
    try (var driver = driver()) {
      var failing = failing(driver, hanging());
      untilMetric(1, "hawser_jobs_running 1.0");
      workers.get(1).handle().destroyForcibly();
      HawserException failure = failing.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertTrue(failure.getMessage().contains("rank 1 at 127.0.0.1:"), failure.getMessage());
      assertEquals(1, failure.rank());
      // It comes back, and everything goes on.
      workers.get(1).close();
      workers.set(1, startWorker(1));
      workers.get(1).port();
      HostVar moved = driver.run(SimpCommandTest.program(), List.of()).getLast();
      assertTrue(driver.fetch(moved, 1) instanceof Tensor);
    }
  }

  @Test
  void sigtermLetsJobsEndOrCancelsThem() throws Exception {
    startCluster("--stop-timeout=1");
    try (var driver = driver()) {
      var failing = failing(driver, hanging());
      untilMetric(1, "hawser_jobs_running 1.0");
      workers.get(1).handle().destroy();
      HawserException failure = failing.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertTrue(failure.getMessage().contains("the worker stops"), failure.getMessage());
      assertEquals(143, workers.get(1).await(LIMIT).exit());
    }
  }

  @Test
  void anotherWorkerThanExpectedIsRefused() throws Exception {
    startCluster();
    var failure =
        assertThrows(
            HawserException.class,
            () -> SimpHttpDriver.connect(HttpOptions.DEFAULT, endpoints.reversed(), LIMIT));
    assertEquals(ErrorCode.REFUSED, failure.code());
    assertTrue(failure.getMessage().contains("it is rank 1 of 2, not 0 of 2"), failure::getMessage);
    var alone =
        assertThrows(
            HawserException.class,
            () ->
                SimpHttpDriver.connect(
                    HttpOptions.DEFAULT,
                    List.of(endpoints.getFirst(), "127.0.0.1:" + FreePort.find()),
                    LIMIT));
    assertTrue(alone.getMessage().contains("rank 1 at 127.0.0.1:"), alone::getMessage);
  }

  @Test
  void whatProgramsSaveSurvivesARestart() throws Exception {
    Path store = folder.resolve("store");
    startCluster();
    workers.get(0).close();
    workers.set(0, startWorker(0, "--store=" + store));
    workers.get(0).port();
    String uri = "fs://saved";
    try (var driver = driver()) {
      driver.run(saving(uri), List.of());
    }
    workers.get(0).close();
    workers.set(0, startWorker(0, "--store=" + store));
    workers.get(0).port();
    try (var driver = driver()) {
      assertTrue(driver.fetch(new HostVar(List.of(uri, uri)), 0) instanceof Tensor);
    }
  }

  @Test
  void ranksThatAreNotInTheFileAreRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("cluster.yaml"), CLUSTER.formatted(1, 2));
    var outcome = Cli.here("worker", "--config", file.toString(), "--rank", "2");
    assertEquals(2, outcome.exit());
    assertTrue(outcome.err().contains("has 2 nodes, and no rank 2"), outcome::toString);
  }

  private void untilMetric(int rank, String line) throws Exception {
    String port = endpoints.get(rank).replaceAll(".*:", "");
    var metrics = URI.create("http://127.0.0.1:%s/metrics".formatted(port)).toURL();
    for (int i = 0; i < 500; i++) {
      try (InputStream in = metrics.openStream()) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        if (text.contains("\n" + line + "\n")) {
          return;
        }
      }
      Thread.sleep(50);
    }
    throw new AssertionError("never: " + line);
  }
}
