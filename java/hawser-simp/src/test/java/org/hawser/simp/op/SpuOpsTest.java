package org.hawser.simp.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.Leftovers;
import org.hawser.ffi.RequiresSpu;
import org.hawser.ffi.SpuLibrary;
import org.hawser.simp.HostVar;
import org.hawser.simp.MemoryStore;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.Worker;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.SpuConfig;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.Share;
import org.hawser.spu.SpuIo;
import org.hawser.spu.Tensor;
import org.hawser.spu.Visibility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that think that all of them are Hawser's, and such that think that none is. */
@RequiresSpu
@Timeout(120)
class SpuOpsTest {
  private static final Type ANY = Type.CustomType.ANY;
  private static final SpuConfig SEMI2K = SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18);

  /** Much less than a worker waits for a peer, much more than a machine under load needs. */
  private static final Duration SOON = Duration.ofSeconds(30);

  private final OpRegistry registry = Recorded.registry();
  private SimpSimulator host;

  private void open(int parties, boolean isHawser) {
    open(parties, isHawser, Worker.Options.DEFAULT_TIMEOUT);
  }

  private void open(int parties, boolean isHawser, Duration timeout) {
    var options = new Worker.Options(timeout, _ -> isHawser);
    host = SimpSimulator.open(parties, registry, _ -> new MemoryStore(), options);
  }

  @AfterEach
  void close() {
    if (host != null) {
      host.close();
    }
  }

  private void assertRuns(Graph graph) {
    List<HostVar> results = host.run(graph, List.of());
    Tensor larger = (Tensor) host.fetch(results.get(0), 0);
    Tensor product = (Tensor) host.fetch(results.get(1), 0);
    assertArrayEquals(new long[] {2, 3}, larger.shape());
    assertArrayEquals(new double[] {12, 10, 8, 8, 10, 12}, larger.toDoubles(), 0.01);
    assertArrayEquals(new long[] {2, 2}, product.shape());
    assertArrayEquals(new double[] {31, 11.5, 73, 28}, product.toDoubles(), 0.01);
  }

  @ParameterizedTest
  @CsvSource({"2, semi2k, true", "2, semi2k, false", "3, aby3, true", "3, aby3, false"})
  void runsWhatMplangTraced(int parties, String protocol, boolean isHawser) {
    open(parties, isHawser);
    Graph graph = Recorded.graph("spu-%s.json".formatted(protocol));
    for (int i = 0; i < 3; i++) {
      assertRuns(graph);
    }
  }

  @Test
  void runsManyJobsAtOnce() throws Exception {
    open(2, true);
    Graph graph = Recorded.graph("spu-semi2k.json");
    try (var threads = Executors.newFixedThreadPool(6)) {
      List<Future<?>> jobs = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        jobs.add(threads.submit(() -> assertRuns(graph)));
      }
      for (Future<?> job : jobs) {
        job.get(100, TimeUnit.SECONDS);
      }
    }
  }

  /** Links go with their jobs, shares when nobody can reach them. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void jobsLeaveNothingBehind(boolean isHawser) throws InterruptedException {
    open(2, isHawser);
    Graph graph = Recorded.graph("spu-semi2k.json");
    assertRuns(graph);
    SpuLibrary.Live before = SpuLibrary.reclaim();
    for (int i = 0; i < 20; i++) {
      assertRuns(graph);
    }
    long end = System.nanoTime() + SOON.toNanos();
    while (SpuLibrary.reclaim().objects() > before.objects() && System.nanoTime() < end) {
      System.gc();
      Thread.sleep(20);
    }
    Leftovers.assertNoneSince(before);
  }

  // ----------------------------------------------------------------------------------------------

  private static final Tensor SECRET = Tensor.of(new float[] {1, 5, 3}, 1, 3);
  private static final Tensor KNOWN = Tensor.of(new float[] {4, 2, 6}, 1, 3);

  /**
   * Twice the larger of a secret and what is known, at both parties.
   *
   * @param known what each of them takes for it
   * @param before an operation that each does first
   */
  private static Graph program(Map<String, Object> changes, List<?> known, String before) {
    List<Share> shares = new SpuIo(2, SEMI2K.runtimeConfig()).makeShares(SECRET, Visibility.SECRET);
    Map<String, Object> attributes =
        new HashMap<>(
            Map.of(
                "config", SEMI2K,
                "ir_type", "stablehlo",
                "executable", Recorded.text("open-shapes.mlir"),
                "input_names", List.of("in0", "in1"),
                "output_names", List.of("out0"),
                "input_vis", List.of("secret", "public")));
    attributes.putAll(changes);
    Graph.Builder region = Graph.builder();
    region.op(before, List.of(), List.of(ANY), Map.of("value", 1L));
    List<Value> inputs = List.of(own(region, shares), own(region, known));
    region.op("spu.exec", inputs, List.of(ANY), attributes).forEach(region::output);
    Graph.Builder graph = Graph.builder();
    Map<String, Object> both = Map.of("fn_name", "test", "parties", List.of(0L, 1L));
    graph
        .op("simp.pcall_static", List.of(), List.of(ANY), both, List.of(region.build()))
        .forEach(graph::output);
    return graph.build();
  }

  private static Graph program(Map<String, Object> changes) {
    return program(changes, List.of(KNOWN, KNOWN), "test.value");
  }

  private static Value own(Graph.Builder region, List<?> values) {
    return region.op("test.own", List.of(), List.of(ANY), Map.of("values", values)).getFirst();
  }

  private void assertRuns() {
    HostVar result = host.run(program(Map.of()), List.of()).getFirst();
    List<Share> shares =
        IntStream.range(0, 2).mapToObj(rank -> (Share) host.fetch(result, rank)).toList();
    Tensor larger = new SpuIo(2, SEMI2K.runtimeConfig()).reconstruct(shares);
    assertArrayEquals(new double[] {8, 10, 12}, larger.toDoubles(), 0.01);
  }

  private HawserException failure(Graph graph) {
    long begin = System.nanoTime();
    var failure = assertThrows(HawserException.class, () -> host.run(graph, List.of()));
    assertTrue(System.nanoTime() - begin < SOON.toNanos(), "it took too long: " + failure);
    return failure;
  }

  private void assertFails(ErrorCode code, String reason, Graph graph) {
    HawserException failure = failure(graph);
    assertEquals(code, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
    assertTrue(failure.getMessage().contains("spu.exec"), failure.getMessage());
  }

  @Test
  void compilesOpenShapesAtTheWorker() {
    open(2, true);
    assertRuns();
    assertRuns();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void namesTheOperationThatFails(boolean isHawser) {
    open(2, isHawser);
    ErrorCode invalid = ErrorCode.INVALID_ARGUMENT;
    assertFails(invalid, "no programs of type python", program(Map.of("ir_type", "python")));
    assertFails(invalid, "executable", program(Map.of("ir_type", "pphlo")));
    assertFails(invalid, "executable", program(Map.of("executable", 1L)));
    assertFails(invalid, "1 names", program(Map.of("input_names", List.of("in0"))));
    assertFails(invalid, "output_names", program(Map.of("output_names", List.of(1L))));
    assertFails(invalid, "2 outputs", program(Map.of("output_names", List.of("a", "b"))));
    assertFails(invalid, "0 outputs", program(Map.of("output_names", List.of())));
    SpuConfig aby3 = SpuConfig.of(Protocol.ABY3, Field.FM64, 18);
    assertFails(invalid, "exactly 3 parties", program(Map.of("config", aby3)));
    assertFails(invalid, "config", program(Map.of("config", "SEMI2K")));
    assertFails(
        invalid, "must be a tensor", program(Map.of(), List.of("text", "text"), "test.value"));
    assertRuns();
  }

  /** Counted links stay in step, since both parties have taken theirs. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatFailsAtOnePartyEndsTheOther(boolean isHawser) {
    open(2, isHawser);
    Tensor other = Tensor.of(new float[] {4, 2}, 1, 2);
    assertRuns();
    for (int i = 0; i < 3; i++) {
      failure(program(Map.of(), List.of(KNOWN, other), "test.value"));
      assertRuns();
    }
  }

  private void failAtPartyOne() {
    registry.register(
        "test.fail",
        (job, _, _) -> {
          if (job.rank() == 1) {
            throw new HawserException(ErrorCode.IO, "as it should");
          }
          return new Object[] {1L};
        });
  }

  /** The other one waits for a link that never comes, until it is told. */
  @Test
  void whatFailsBeforeAPartyHasItsLinkEndsTheOther() {
    failAtPartyOne();
    open(2, true);
    for (int i = 0; i < 3; i++) {
      assertEquals(
          ErrorCode.IO, failure(program(Map.of(), List.of(KNOWN, KNOWN), "test.fail")).code());
      assertRuns();
    }
  }

  private HawserException runOrFail() {
    try {
      host.run(program(Map.of()), List.of());
      return null;
    } catch (HawserException e) {
      return e;
    }
  }

  /** With mplang's workers nothing can be done about it. */
  @Test
  void partiesThatCountDifferentlySaySo() {
    failAtPartyOne();
    open(2, false, Duration.ofSeconds(3));
    assertRuns();
    // Whether party 0 has taken a link for it, and so miscounted, is a matter of time.
    HawserException failure;
    do {
      failure(program(Map.of(), List.of(KNOWN, KNOWN), "test.fail"));
      failure = runOrFail();
    } while (failure == null);

    assertTrue(failure.getMessage().contains("are counted"), failure.getMessage());
    assertTrue(failure.getMessage().contains("[0, 1] anew"), failure.getMessage());
  }
}
