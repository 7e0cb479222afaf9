package org.hawser.cli.port;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hawser.cli.Cli;
import org.hawser.cli.Launchers;
import org.hawser.cli.common.PeerProcess;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hawser port} under the real launchers. */
@Tag("cluster")
class ClusterPortTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private static final List<String> PORT =
      PeerProcess.command(List.of("port", "--json", "--sizes", "1K,1M", "--iterations", "20"));

  @TempDir private Path folder;

  private static void checkPort(Cli.Outcome outcome) {
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(
        List.of("\"Memory\" 1024 true", "\"Memory\" 1048576 true"),
        outcome.json().stream()
            .map(
                result ->
                    "%s %s %s"
                        .formatted(
                            result.get("transport"), result.get("bytes"), result.get("verified")))
            .toList(),
        outcome::toString);
  }

  @Test
  void mpirunsRanksPutIntoEachOthersMemory() throws Exception {
    checkPort(Launchers.mpirun(2, LIMIT, PORT));
  }

  @Test
  void mpirunsRanksGatherByAProxyOfTheirOwn() throws Exception {
    var gather = PeerProcess.command(List.of("port", "--all-gather", "--sizes", "8,100K"));
    var outcome = Launchers.mpirun(3, LIMIT, gather);
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(
        IntStream.range(0, 3)
            .boxed()
            .flatMap(rank -> Stream.of(gathered(rank, 8), gathered(rank, 100 << 10)))
            .sorted()
            .toList(),
        outcome.out().stream().sorted().toList(),
        outcome::toString);
  }

  private static String gathered(int rank, int bytes) {
    return "Rank %d: 3 ranks gathered %d bytes of each over Memory: verified"
        .formatted(rank, bytes);
  }

  @Test
  void srunsTasksPutIntoEachOthersMemory() throws Exception {
    try (var slurm = Launchers.slurm(folder.resolve("slurm"))) {
      checkPort(slurm.srun(2, LIMIT, PORT));
    }
  }
}
