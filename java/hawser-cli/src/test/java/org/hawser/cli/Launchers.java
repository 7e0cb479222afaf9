package org.hawser.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The real launchers; a test that uses one is skipped, with the reason, where it is missing. */
public final class Launchers {
  private static final Duration SHORT = Duration.ofSeconds(40);
  private static final Path SLURM =
      Path.of("..", "hawser", "src", "test", "sh", "slurm").toAbsolutePath().normalize();

  private Launchers() {}

  private static Cli.Outcome run(Duration limit, List<String> launcher, List<String> program)
      throws Exception {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(program);
    try (var cli = Cli.start(Cli.LOOPBACK, command)) {
      return cli.await(limit);
    }
  }

  /** Runs so many ranks of a program, over loopback lanes. */
  public static Cli.Outcome mpirun(int ranks, Duration limit, List<String> program)
      throws Exception {
    var found = run(SHORT, List.of("sh", "-c", "command -v mpirun || true"), List.of());
    assumeTrue(!found.out().isEmpty(), "skipped: no mpirun (package openmpi-bin)");
    return run(
        limit,
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
            "HAWSER_LANES"),
        program);
  }

  /** Starts a Slurm of this machine alone, which {@link Slurm#close} stops. */
  public static Slurm slurm(Path folder) throws Exception {
    var missing = run(SHORT, List.of(SLURM.toString(), "missing"), List.of());
    assumeTrue(missing.exit() == 0, "skipped: no " + missing.out() + " (scripts/setup --test)");
    var slurm = new Slurm(folder.toString());
    var started = slurm.call("start");
    assertEquals(0, started.exit(), started::toString);
    return slurm;
  }

  /** One that runs. */
  public record Slurm(String folder) implements AutoCloseable {
    private Cli.Outcome call(String verb) throws Exception {
      return run(SHORT, List.of(SLURM.toString(), verb, folder), List.of());
    }

    /** Runs so many tasks of a program. */
    public Cli.Outcome srun(int tasks, Duration limit, List<String> program) throws Exception {
      return run(
          limit,
          List.of(SLURM.toString(), "exec", folder, "srun", "-N1", "-n" + tasks, "--mpi=pmix"),
          program);
    }

    @Override
    public void close() {
      try {
        call("stop");
      } catch (Exception e) {
        throw new AssertionError("Slurm was not stopped in " + folder, e);
      }
    }
  }
}
