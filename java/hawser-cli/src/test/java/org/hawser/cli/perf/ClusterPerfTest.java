package org.hawser.cli.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;
import org.hawser.cli.Launchers;
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

  @TempDir private Path folder;

  private static List<String> perf() {
    return PeerProcess.command(
        List.of("perf", "--launched", "--json", "--seconds", "0.3", "--sizes", "64K,1M"));
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
    checkAllPairs(ranks, Launchers.mpirun(ranks, LIMIT, perf()));
  }

  @Test
  void srunsTasksMeasureEachOther() throws Exception {
    try (var slurm = Launchers.slurm(folder.resolve("slurm"))) {
      checkAllPairs(2, slurm.srun(2, LIMIT, perf()));
    }
  }

  @Test
  void withoutALauncherItSaysSo() throws Exception {
    var outcome = Cli.run(Map.of(), SHORT, "perf", "--launched");
    assertEquals(2, outcome.exit(), outcome::toString);
    assertTrue(outcome.err().contains("mpirun or srun"), outcome::toString);
  }
}
