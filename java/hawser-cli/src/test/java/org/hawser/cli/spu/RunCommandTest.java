package org.hawser.cli.spu;

import static org.hawser.cli.Cli.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.hawser.cli.Cli;
import org.hawser.cli.RequiresSpu;
import org.hawser.cli.common.FreePort;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hawser spu run} on files, with real parties. */
@RequiresSpu
class RunCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(100);
  private static final String PROGRAM =
      """
      module @compare {
        func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>)
            -> (tensor<3xi1> {jax.result_info = "greater"}, tensor<3xf32>) {
          %0 = stablehlo.compare GT, %arg0, %arg1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
          %1 = stablehlo.add %arg0, %arg1 : tensor<3xf32>
          return %0, %1 : tensor<3xi1>, tensor<3xf32>
        }
      }
      """;

  @TempDir private Path folder;
  private Path program;
  private Path x;
  private Path y;

  @BeforeEach
  void write() throws IOException {
    program = Files.writeString(folder.resolve("compare.mlir"), PROGRAM);
    x = folder.resolve("x.npy");
    TensorFiles.write(x, Tensor.of(new double[] {1.5, -2, 3}, 3));
    y = Files.writeString(folder.resolve("y.csv"), "1\n2\n-3\n");
  }

  private List<String> run(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("spu", "run", "--program", program.toString(), "--json"));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static Cli.Outcome outcome(Map<String, String> variables, List<String> arguments)
      throws Exception {
    return Cli.run(variables, LIMIT, arguments.toArray(String[]::new));
  }

  private static void check(JsonNode result) {
    JsonNode greater = result.get("outputs").get(0);
    assertEquals("[true,false,true]", greater.get("values").toString(), result::toString);
    assertEquals("I1", greater.get("type").asText());
    assertEquals("[3]", greater.get("shape").toString());
    double[] sums = {2.5, 0, 0};
    for (int i = 0; i < sums.length; i++) {
      JsonNode sum = result.get("outputs").get(1).get("values").get(i);
      assertEquals(sums[i], sum.asDouble(), 1e-4, result::toString);
    }
  }

  @ParameterizedTest
  @EnumSource
  void allPartiesAtOnceOverEveryLink(LinkKind link) throws Exception {
    var outcome =
        outcome(
            LOOPBACK,
            run("--simulate=2", "--link=" + link, "--input=arg0=" + x, "--input=arg1@1=" + y));
    assertEquals(0, outcome.exit(), outcome::toString);
    JsonNode result = outcome.json().getFirst();
    check(result);
    assertEquals(link.name(), result.get("link").asText());
    boolean counted = link != LinkKind.mem && link != LinkKind.brpc;
    assertEquals(counted, result.has("messages"), outcome::toString);
  }

  @ParameterizedTest
  @CsvSource({"ABY3, 3", "SECURENN, 3", "CHEETAH, 2", "REF2K, 2"})
  void otherProtocolsGiveTheSame(String protocol, String parties) throws Exception {
    var outcome =
        outcome(
            Map.of(),
            run(
                "--simulate=" + parties,
                "--protocol=" + protocol,
                "--input=arg0=" + x,
                "--input=arg1@1=" + y));
    assertEquals(0, outcome.exit(), outcome::toString);
    check(outcome.json().getFirst());
  }

  /** The outcomes of two processes, by rank. */
  private static List<Cli.Outcome> two(List<Map<String, String>> variables, List<List<String>> runs)
      throws Exception {
    try (var zero = Cli.start(variables.get(0), runs.get(0).toArray(String[]::new));
        var one = Cli.start(variables.get(1), runs.get(1).toArray(String[]::new))) {
      return List.of(zero.await(LIMIT), one.await(LIMIT));
    }
  }

  private static String[] with(List<String> common, String... more) {
    return Stream.concat(common.stream(), Stream.of(more)).toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lanes", "http"})
  void eachPartyGivesItsOwnAndOneLearns(String link) throws Exception {
    List<String> common =
        List.of(
            "--link=" + link,
            "--parties=127.0.0.1:%d,127.0.0.1:%d".formatted(FreePort.find(), FreePort.find()),
            "--reveal-to=1");
    List<Cli.Outcome> outcomes =
        two(
            List.of(LOOPBACK, LOOPBACK),
            List.of(
                run(with(common, "--rank=0", "--input=arg0=" + x)),
                run(with(common, "--rank=1", "--input=arg1=" + y))));
    outcomes.forEach(each -> assertEquals(0, each.exit(), each::toString));
    JsonNode ignorant = outcomes.get(0).json().getFirst();
    assertEquals(0, ignorant.get("outputs").size(), ignorant::toString);
    check(outcomes.get(1).json().getFirst());
    assertTrue(ignorant.get("messages").asLong() > 0, ignorant::toString);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clusterFileSaysWhoAndHow(boolean channels) throws Exception {
    Path cluster =
        Files.writeString(
            folder.resolve("cluster.yaml"),
            """
            nodes:
              - {name: a, endpoint: "http://127.0.0.1:%d"}
              - {name: b, endpoint: "127.0.0.1:%d"}
            devices:
              SP0:
                kind: SPU
                members: [a, b]
                config: {protocol: SEMI2K, field: FM128, use_mplang_channel: %b}
            """
                .formatted(FreePort.find(), FreePort.find(), channels));
    // One command line for both: the file is read at its owner.
    List<String> common =
        List.of(
            "--cluster=" + cluster, "--device=SP0", "--input=arg0@0=" + x, "--input=arg1@1=" + y);
    List<Cli.Outcome> outcomes =
        two(
            List.of(LOOPBACK, LOOPBACK),
            List.of(run(with(common, "--rank=0")), run(with(common, "--rank=1"))));
    for (Cli.Outcome each : outcomes) {
      assertEquals(0, each.exit(), each::toString);
      JsonNode result = each.json().getFirst();
      check(result);
      assertEquals("FM128", result.get("field").asText());
      assertEquals(channels ? "lanes" : "brpc", result.get("link").asText());
    }
  }

  @Test
  void launcherSaysWhoAndResultsGoToFiles() throws Exception {
    String rendezvous = "127.0.0.1:" + FreePort.find();
    List<Map<String, String>> variables = new ArrayList<>();
    List<List<String>> runs = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      Map<String, String> own = new HashMap<>(LOOPBACK);
      own.put("HAWSER_RANK", Integer.toString(rank));
      own.put("HAWSER_SIZE", "2");
      own.put("HAWSER_RENDEZVOUS", rendezvous);
      variables.add(own);
      runs.add(
          run(
              "--inputs=left,right",
              "--outputs=greater,sum",
              "--input=left@0=" + x,
              "--input=right@1=" + y,
              "--out=greater=" + folder.resolve("greater-%d.npy".formatted(rank)),
              "--out=sum=" + folder.resolve("sum-%d.csv".formatted(rank))));
    }
    two(variables, runs).forEach(each -> assertEquals(0, each.exit(), each::toString));
    for (int rank = 0; rank < 2; rank++) {
      assertEquals(
          Tensor.of(new boolean[] {true, false, true}, 3),
          TensorFiles.read(folder.resolve("greater-%d.npy".formatted(rank))));
      assertEquals(
          2.5, TensorFiles.read(folder.resolve("sum-%d.csv".formatted(rank))).getDouble(0), 1e-4);
    }
  }

  @Test
  void partiesThatMeanDifferentThingsAreToldSo() throws Exception {
    List<String> common =
        List.of("--parties=127.0.0.1:%d,127.0.0.1:%d".formatted(FreePort.find(), FreePort.find()));
    List<Cli.Outcome> outcomes =
        two(
            List.of(LOOPBACK, LOOPBACK),
            List.of(
                run(with(common, "--rank=0", "--input=arg0=" + x)),
                run(with(common, "--rank=1", "--field=FM128", "--input=arg1=" + y))));
    for (Cli.Outcome each : outcomes) {
      assertFalse(each.exit() == 0, each::toString);
      assertTrue(
          each.err().contains("--field is FM64 at rank 0 and FM128 at rank 1"), each::toString);
    }
  }

  @Test
  void partyThatDoesNotComeIsNamedInTime() throws Exception {
    var outcome =
        outcome(
            LOOPBACK,
            run(
                "--parties=127.0.0.1:%d,127.0.0.1:%d".formatted(FreePort.find(), FreePort.find()),
                "--rank=1",
                "--timeout=2",
                "--input=arg1=" + y));
    assertEquals(1, outcome.exit(), outcome::toString);
    assertTrue(outcome.err().contains("rank 0"), outcome::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --simulate=2 --input=arg0=X                           | no party gives [arg1]
          --simulate=2 --input=arg0=X --input=arg1=Y --input=z=Y | nothing takes [z]
          --simulate=2 --input=arg0=X --input=arg0=X            | input arg0 is given twice
          --simulate=2 --input=arg0=X --input=arg1@2=Y          | there is no rank 2 among 2 parties
          --simulate=2 --input=arg0=X --input=arg1=Y --out=z=Z.npy | has the results [out0, out1], not [z]
          --simulate=2 --input=arg0=X --input=arg1=Y --outputs=a | has 2 results, not those: [a]
          --simulate=2 --input=arg0=X --input=arg1=Y --inputs=a | takes 2 arguments, but --inputs names [a]
          --simulate=2 --input=arg0                             | "arg0" is no input
          --simulate=2 --input=arg0=X.txt                       | named .npy or .csv
          --simulate=3 --protocol=CHEETAH --input=arg0=X        | CHEETAH takes exactly 2 parties, not 3
          --simulate=1                                          | 2 parties or more
          --simulate=2 --rank=0                                 | goes without
          --parties=a:1,b:2 --rank=2                            | rank 2 is not one of 2 parties
          --parties=a:1,b:2 --rank=0 --link=mem                 | joins threads of one process
          --parties=a:1,b:2 --rank=0 --link=wire                | wire
          --cluster=c.yaml --rank=0                             | go together
          --input=arg0=X                                        | say who computes
          """)
  void misuseIsToldInOneLine(String arguments, String expected) {
    String told = arguments.strip().replace("=X", "=" + x).replace("=Y", "=" + y);
    var outcome = Cli.here(run(told.split("\\s+")).toArray(String[]::new));
    assertEquals(2, outcome.exit(), outcome::toString);
    assertTrue(outcome.err().contains(expected), outcome::toString);
    assertEquals(1, outcome.err().lines().count(), outcome::toString);
  }
}
