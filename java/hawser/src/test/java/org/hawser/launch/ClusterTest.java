package org.hawser.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link LaunchProbe} under the real launchers. Skips, with the reason, what is not installed. */
@Tag("cluster")
@Timeout(120)
class ClusterTest {
  private static final int LIMIT_S = 60;

  @TempDir static Path directory;

  private static List<String> probe(String mode, String... options) throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command = new ArrayList<>(List.of(java, "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", root(Launch.class) + ":" + root(LaunchProbe.class)));
    command.addAll(
        List.of("--enable-native-access=ALL-UNNAMED", LaunchProbe.class.getName(), mode));
    return command;
  }

  /**
   * The folder of a class file; tests are patched into the module, so their code source is not
   * theirs.
   */
  private static Path root(Class<?> type) throws Exception {
    URI file = type.getResource(type.getSimpleName() + ".class").toURI();
    var path = Path.of(file);
    for (int i = 0; i < type.getName().split("\\.").length; i++) {
      path = path.getParent();
    }
    return path;
  }

  private static List<String> command(List<String> launcher, List<String> program) {
    var command = new ArrayList<>(launcher);
    command.addAll(program);
    return command;
  }

  private record Outcome(int exit, List<String> lines) {
    List<String> probes() {
      return lines.stream().filter(line -> line.startsWith("PROBE ")).sorted().toList();
    }
  }

  private static Outcome run(List<String> command) throws IOException, InterruptedException {
    var file = Files.createTempFile(directory, "output", ".txt");
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(file.toFile()).start();
    if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      throw new AssertionError(command + " did not end; it said:\n" + Files.readString(file));
    }
    return new Outcome(process.exitValue(), Files.readAllLines(file));
  }

  /** {@code locals}: each rank's number on its own host, in the order of the ranks. */
  private static void assertExchanged(String name, List<Integer> locals, Outcome outcome) {
    int size = locals.size();
    var all = String.join(",", IntStream.range(0, size).mapToObj(rank -> "rank-" + rank).toList());
    var expected =
        IntStream.range(0, size)
            .mapToObj(
                rank ->
                    "PROBE %s rank %d of %d local %d: %s"
                        .formatted(name, rank, size, locals.get(rank), all))
            .toList();
    assertEquals(expected, outcome.probes(), () -> String.join("\n", outcome.lines()));
    assertEquals(0, outcome.exit(), () -> String.join("\n", outcome.lines()));
  }

  private static List<Integer> onOneHost(int size) {
    return IntStream.range(0, size).boxed().toList();
  }

  private static void assertTimedOut(Outcome outcome) {
    var said = String.join("\n", outcome.lines());
    assertTrue(said.contains("rank 0 of 2 local 0: TIMEOUT in time: rank 0 of 2"), said);
    assertTrue(said.contains("rank 1 of 2 local 1: stayed away"), said);
  }

  private static void assume(boolean condition, String reason) {
    if (!condition) {
      System.out.println("skipped: " + reason);
    }
    assumeTrue(condition, reason);
  }

  @Nested
  class UnderMpirun {
    private static List<String> mpirun(int size, String launcher) {
      var command =
          new ArrayList<>(
              List.of(
                  "mpirun",
                  "-np",
                  Integer.toString(size),
                  "--oversubscribe",
                  "--allow-run-as-root"));
      command.addAll(
          List.of("--mca", "oob_tcp_if_include", "lo", "-x", "HAWSER_LAUNCHER=" + launcher));
      return command;
    }

    @BeforeAll
    static void needMpirun() throws Exception {
      var found = run(List.of("sh", "-c", "command -v mpirun && mpirun --version"));
      assume(
          found.exit() == 0 && found.lines().stream().anyMatch(line -> line.contains("Open MPI")),
          "no Open MPI (package openmpi-bin)");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void pmixExchanges(int size) throws Exception {
      assertExchanged("pmix", onOneHost(size), run(command(mpirun(size, ""), probe("exchange"))));
    }

    @Test
    void pmixWaitsForValuesCommittedOneByOne() throws Exception {
      int ranks = 3;
      var outcome = run(command(mpirun(ranks, "pmix"), probe("pieces")));
      var said = String.join("\n", outcome.lines());
      assertEquals(0, outcome.exit(), said);
      int sum = ranks * IntStream.range(0, LaunchProbe.PIECES).sum();
      assertEquals(ranks, outcome.probes().size(), said);
      assertTrue(
          outcome.probes().stream().allMatch(line -> line.endsWith(": " + sum + ", then TIMEOUT")),
          said);
    }

    @Test
    void inheritedVariablesOfAnEndedJobAreSaid() throws Exception {
      var stale = List.of("env", "PMIX_NAMESPACE=ended", "PMIX_RANK=0");
      var outcome = run(command(stale, probe("exchange")));
      assertEquals(1, outcome.exit());
      var said = String.join("\n", outcome.lines());
      assertTrue(said.contains("rank 0: PMIx_Init failed") && said.contains("mpirun"), said);
    }

    @Test
    void openMpisVariablesExchangeToo() throws Exception {
      assertExchanged(
          "openmpi", onOneHost(3), run(command(mpirun(3, "openmpi"), probe("exchange"))));
    }

    @Test
    void openMpisRanksMayBeToldWhereToMeet() throws Exception {
      int port;
      try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = socket.getLocalPort();
      }
      var told =
          command(mpirun(2, "openmpi"), List.of("-x", "HAWSER_RENDEZVOUS=127.0.0.1:" + port));
      assertExchanged("openmpi", onOneHost(2), run(command(told, probe("exchange"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pmix", "openmpi"})
    void aRankThatStaysAwayIsATimeout(String launcher) throws Exception {
      assertTimedOut(run(command(mpirun(2, launcher), probe("late"))));
    }
  }

  @Nested
  class UnderSlurm {
    private static final Path SCRIPT = Path.of("src", "test", "sh", "slurm").toAbsolutePath();
    private static Path cluster;

    private static List<String> slurm(String... command) {
      return command(List.of(SCRIPT.toString(), "exec", cluster.toString()), List.of(command));
    }

    private static List<String> srun(int nodes, int size, String mpi) {
      return slurm("srun", "-N" + nodes, "-n" + size, "--mpi=" + mpi);
    }

    @BeforeAll
    static void startSlurm() throws Exception {
      var missing = run(List.of(SCRIPT.toString(), "missing"));
      assume(
          missing.exit() == 0,
          "no " + missing.lines() + " (packages munge, slurmctld, slurmd, slurm-client)");
      cluster = directory.resolve("slurm");
      var started = run(List.of(SCRIPT.toString(), "start", cluster.toString()));
      assertEquals(0, started.exit(), () -> String.join("\n", started.lines()));
    }

    @AfterAll
    static void stopSlurm() throws Exception {
      if (cluster != null) {
        run(List.of(SCRIPT.toString(), "stop", cluster.toString()));
      }
    }

    @ParameterizedTest
    @CsvSource({"pmix,2,pmix", "pmix,3,pmix", "none,1,slurm", "none,3,slurm"})
    void srunsTasksExchange(String mpi, int size, String name) throws Exception {
      assertExchanged(name, onOneHost(size), run(command(srun(1, size, mpi), probe("exchange"))));
    }

    @ParameterizedTest
    @CsvSource({"pmix,pmix", "none,slurm"})
    void tasksOnTwoNodesExchange(String mpi, String name) throws Exception {
      var hosts =
          Files.writeString(directory.resolve("hosts"), "127.0.0.1 node1\n127.0.0.1 node2\n");
      // The two nodes are this machine, but neither can know it.
      var program =
          command(
              List.of("env", "HAWSER_INSECURE=1"),
              probe("exchange", "-Djdk.net.hosts.file=" + hosts));
      assertExchanged(name, List.of(0, 1, 0), run(command(srun(2, 3, mpi), program)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pmix", "none"})
    void aTaskThatStaysAwayIsATimeout(String mpi) throws Exception {
      assertTimedOut(run(command(srun(1, 2, mpi), probe("late"))));
    }

    @Test
    void aBatchJobsStepExchanges() throws Exception {
      var output = directory.resolve("batch.txt");
      var step = "srun --mpi=pmix " + String.join(" ", probe("exchange"));
      var batch =
          run(
              slurm(
                  "sbatch",
                  "--wait",
                  "--nodes=1",
                  "--ntasks=2",
                  "--output=" + output,
                  "--wrap=" + step));
      var said = new ArrayList<>(batch.lines());
      said.addAll(Files.readAllLines(output));
      assertExchanged("pmix", onOneHost(2), new Outcome(batch.exit(), said));
    }
  }
}
