package org.hawser.cli.simp;

import static org.hawser.cli.Cli.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.simp.ir.Graph;
import org.hawser.simp.ir.Type;
import org.hawser.simp.ir.Value;
import org.hawser.simp.serde.Serde;
import org.hawser.simp.trace.SimpProgram;
import org.hawser.simp.trace.Traced;
import org.hawser.simp.trace.Tracer;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code hawser simp} from its command line to its last line. */
class SimpCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(100);
  private static final Type FLOATS = new Type.TensorType(new Type.FloatType(32), List.of(2L));

  @TempDir private Path folder;

  /** A constant at the first party that moves to the second. */
  static Graph program() {
    var inner = Graph.builder();
    Map<String, Object> two = Map.of("value_b64", "AACAPwAAAEA=");
    Graph region =
        inner
            .output(inner.op("tensor.constant", List.of(), List.of(FLOATS), two).getFirst())
            .build();
    var builder = Graph.builder();
    Map<String, Object> call = Map.of("fn_name", "constant", "parties", List.of(0L));
    Value made =
        builder
            .op("simp.pcall_static", List.of(), List.of(FLOATS), call, List.of(region))
            .getFirst();
    Map<String, Object> routing = Map.of("routing", Map.of(1L, 0L));
    Value moved = builder.op("simp.shuffle", List.of(made), List.of(FLOATS), routing).getFirst();
    return builder.output(made).output(moved).build();
  }

  @ParameterizedTest
  @EnumSource(DriverKind.class)
  void benchPrintsOneObjectAnOperation(DriverKind driver) throws Exception {
    var outcome =
        Cli.run(
            LOOPBACK,
            LIMIT,
            "simp",
            "bench",
            "--driver=" + driver,
            "--workers=3",
            "--warm-up=0",
            "--seconds=0.1",
            "--json");
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(
        List.of(
            "pcall",
            "chain of 51",
            "shuffle 8 B",
            "shuffle 1 MiB",
            "fetch 1 MiB",
            "constant 1 MiB"),
        outcome.json().stream().map(result -> result.get("op").asText()).toList());
    for (JsonNode result : outcome.json()) {
      assertEquals(6, result.size(), result::toString);
      assertEquals(driver.name(), result.get("driver").asText());
      assertEquals(3, result.get("workers").asInt());
      assertTrue(result.get("p99_us").asDouble() >= result.get("p50_us").asDouble());
      assertTrue(result.get("ops_per_s").asDouble() > 0, result::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void runPrintsWhatThePartiesHave(boolean packed) throws Exception {
    String text = packed ? Serde.dumpsB64(program()) : Serde.toJson(program()).toString();
    Path file = Files.writeString(folder.resolve("program"), text);
    var outcome = Cli.here("simp", "run", file.toString(), "--simulate", "2", "--json");
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(2, outcome.json().size(), outcome::toString);
    for (JsonNode result : outcome.json()) {
      assertEquals("F32", result.get("type").asText());
      assertEquals("[1.0,2.0]", result.get("values").toString());
      assertEquals("[2]", result.get("shape").toString());
    }
    assertEquals(0, outcome.json().getFirst().get("rank").asInt());
    assertEquals(1, outcome.json().getLast().get("rank").asInt());
    var people = Cli.here("simp", "run", file.toString(), "--simulate", "2");
    assertTrue(people.out().getFirst().endsWith("at rank 0: F32[2] 1.0 2.0"), people::toString);
  }

  /** A program in Java, as users write it. */
  public static final class Moves implements SimpProgram {
    @Override
    public void define(Tracer tracer) {
      Traced numbers = tracer.constant(1, Tensor.of(new float[] {3, 4, 5}, 3));
      tracer.output("numbers", numbers);
    }
  }

  @Test
  void classesAreProgramsToo() {
    var outcome = Cli.here("simp", "run", Moves.class.getName(), "--simulate=2", "--json");
    assertEquals(0, outcome.exit(), outcome::toString);
    JsonNode result = outcome.json().getFirst();
    assertEquals("numbers", result.get("output").asText());
    assertEquals(1, result.get("rank").asInt());
    assertEquals("[3.0,4.0,5.0]", result.get("values").toString());
    for (String wrong : List.of("org.example.Nothing", "java.lang.Object")) {
      var refused = Cli.here("simp", "run", wrong, "--simulate=2");
      assertEquals(2, refused.exit(), refused::toString);
      assertTrue(refused.err().contains(wrong), refused::toString);
    }
  }

  @Test
  void filesThatAreNoProgramsAreRefused() throws Exception {
    for (String text : List.of("{", "{\"_kind\":\"_int\",\"v\":1}", "nonsense", "")) {
      Path file = Files.writeString(folder.resolve("wrong"), text);
      var outcome = Cli.here("simp", "run", file.toString(), "--simulate", "2");
      assertEquals(2, outcome.exit(), outcome::toString);
      assertTrue(outcome.err().startsWith("hawser: " + file), outcome::toString);
    }
  }
}
