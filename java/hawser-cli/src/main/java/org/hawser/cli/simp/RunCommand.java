package org.hawser.cli.simp;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.cluster.Cluster;
import org.hawser.cli.common.IdentityArguments;
import org.hawser.cli.common.Json;
import org.hawser.http.HttpOptions;
import org.hawser.simp.HostVar;
import org.hawser.simp.SimpHost;
import org.hawser.simp.SimpHttpDriver;
import org.hawser.simp.SimpSimulator;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import org.hawser.simp.trace.TracedProgram;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser simp run}. */
@Command(
    name = "run",
    description = "Run a program over the workers of a cluster, or over threads of this process.",
    footer = {
      "",
      "A program takes no inputs. It is a graph as mplang writes it, in JSON or packed (gzip and",
      "base64), or a Java class that implements org.hawser.simp.trace.SimpProgram.",
      "Its results are brought here from all parties that have a part of them, and printed.",
      "",
      "Examples:",
      "  hawser simp run program.json --simulate 2",
      "  hawser simp run program.json --cluster cluster.yaml --json",
      "  hawser simp run org.example.Richer --class-path richer.jar --cluster cluster.yaml",
    })
public final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private IdentityArguments identity;

  @Parameters(paramLabel = "PROGRAM", description = "A file with a graph, or a class.")
  private String program;

  @Option(
      names = "--class-path",
      split = ":",
      paramLabel = "PATH",
      description = "Folders and jars with that class.")
  private List<Path> classPath = List.of();

  @ArgGroup(multiplicity = "1")
  private Where where;

  private static final class Where {
    @Option(
        names = "--cluster",
        paramLabel = "FILE",
        description = "A cluster file, Hawser's or mplang's; its workers run already.")
    private Path cluster;

    @Option(
        names = "--simulate",
        paramLabel = "N",
        description = "Be all N parties at once, as threads of this process.")
    private Integer simulate;
  }

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "86400",
      description = "How long the program may take (default a day).")
  private long timeout;

  @Option(names = "--json", description = "Print one JSON object a result and party.")
  private boolean json;

  @Override
  public Integer call() {
    TracedProgram traced = ProgramSource.read(program, classPath);
    try (SimpHost host = open()) {
      List<HostVar> results = host.run(traced.graph(), List.of());
      for (int output = 0; output < results.size(); output++) {
        print(host, traced.outputs().get(output), results.get(output));
        host.release(results.get(output));
      }
    }
    return 0;
  }

  private SimpHost open() {
    if (where.simulate == null) {
      Cluster cluster = Cluster.read(where.cluster);
      HttpOptions http = HttpOptions.DEFAULT.withProtection(identity.protection(cluster.names()));
      return SimpHttpDriver.connect(http, cluster.addresses(), Duration.ofSeconds(timeout));
    }
    if (where.simulate < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "--simulate takes 1 party or more, not " + where.simulate);
    }
    return SimpSimulator.open(where.simulate, StandardOps.registry(new Functions()));
  }

  private void print(SimpHost host, String name, HostVar result) {
    PrintWriter out = spec.commandLine().getOut();
    List<Object> parts = host.fetchAll(result);
    for (int rank : result.parties()) {
      var part = RunResult.of(name, rank, parts.get(rank));
      out.println(json ? Json.write(part) : part.line());
    }
  }
}
