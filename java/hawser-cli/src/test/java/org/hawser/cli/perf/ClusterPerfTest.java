package org.hawser.cli.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.cli.common.PeerProcess;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hawser perf --launched} under the real launchers. */
@Tag("cluster")
class ClusterPerfTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Duration SHORT = Duration.ofSeconds(40);
  private static final Path SLURM =
      Path.of("..", "hawser", "src", "test", "sh", "slurm").toAbsolutePath().normalize();

  @TempDir private Path folder;

  private static List<String> perf() {
    return PeerProcess.command(
        List.of("perf", "--launched", "--json", "--seconds", "0.3", "--sizes", "64K,1M"));
  }

  private static Cli.Outcome run(Duration limit, List<String> launcher, List<String> program)
      throws Exception {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(program);
    try (var cli = Cli.start(Cli.LOOPBACK, command)) {
      return cli.await(limit);
    }
  }

  private static void checkAllPairs(int ranks, Cli.Outcome outcome) {
    assertEquals(0, outcome.exit(), outcome::toString);
    List<String> expected = new ArrayList<>();
    for (int client = 1; client < ranks; client++) {
      for (int server = 0; server < client; server++) {
        expected.add("[%d,%d] 65536".formatted(client, server));
        expected.add("[%d,%d] 1048576".formatted(client, server));
      }
    }
    assertEquals(
        expected,
        outcome.json().stream()
            .map(result -> result.get("ranks") + " " + result.get("bytes"))
            .toList(),
        outcome::toString);
    for (JsonNode result : outcome.json()) {
      assertTrue(result.get("verified").asBoolean(), outcome::toString);
      assertEquals(4, result.get("lanes").size());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void mpirunsRanksMeasureAllPairs(int ranks) throws Exception {
    var found = run(SHORT, List.of(), List.of("sh", "-c", "command -v mpirun || true"));
    assumeTrue(!found.out().isEmpty(), "skipped: no mpirun (package openmpi-bin)");
    var mpirun =
        List.of(
            "mpirun",
            "-np",
            Integer.toString(ranks),
            "--oversubscribe",
            "--allow-run-as-root",
            "--mca",
            "oob_tcp_if_include",
            "lo",
            "-x",
            "HAWSER_LANES");
    checkAllPairs(ranks, run(LIMIT, mpirun, perf()));
  }

  @Test
  void srunsTasksMeasureEachOther() throws Exception {
    var missing = run(SHORT, List.of(), List.of(SLURM.toString(), "missing"));
    assumeTrue(missing.exit() == 0, "skipped: no " + missing.out() + " (scripts/setup --test)");
    String cluster = folder.resolve("slurm").toString();
    var started = run(SHORT, List.of(), List.of(SLURM.toString(), "start", cluster));
    assertEquals(0, started.exit(), started::toString);
    try {
      var srun = List.of(SLURM.toString(), "exec", cluster, "srun", "-N1", "-n2", "--mpi=pmix");
      checkAllPairs(2, run(LIMIT, srun, perf()));
    } finally {
      run(SHORT, List.of(), List.of(SLURM.toString(), "stop", cluster));
    }
  }

  @Test
  void withoutALauncherItSaysSo() throws Exception {
    var outcome = Cli.run(Map.of(), SHORT, "perf", "--launched");
    assertEquals(2, outcome.exit(), outcome::toString);
    assertTrue(outcome.err().contains("mpirun or srun"), outcome::toString);
  }
}
