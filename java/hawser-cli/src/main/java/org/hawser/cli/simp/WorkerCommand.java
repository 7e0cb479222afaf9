package org.hawser.cli.simp;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.cluster.Cluster;
import org.hawser.cli.common.IdentityArguments;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.Lifeline;
import org.hawser.http.HttpOptions;
import org.hawser.lane.HostPort;
import org.hawser.simp.SimpHttpWorker;
import org.hawser.simp.WorkerOptions;
import org.hawser.simp.op.Functions;
import org.hawser.simp.op.StandardOps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser worker}: one party of a cluster, until it is told to stop. */
@Command(
    name = "worker",
    description = "Be one node of a cluster: run its party's part of programs.",
    footer = {
      "",
      "Serves Hawser's drivers and mplang's, beside workers of either kind, at the port that the",
      "cluster file says: /health, /ready and /metrics (Prometheus) too. At SIGTERM it takes no more",
      "jobs, and ends when those that it has are done, or --stop-timeout is over.",
      "",
      "Whoever its identity lets in can run programs. Without one it listens on this machine alone,",
      "or with --insecure anywhere: then anybody who reaches the port can.",
      "",
      "Example:",
      "  hawser worker --config cluster.yaml --rank 0 --store /var/lib/hawser --identity pki/alice",
    })
public final class WorkerCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private IdentityArguments identity;
  @Mixin private Lifeline lifeline;

  @Option(
      names = {"-c", "--config"},
      required = true,
      paramLabel = "FILE",
      description = "The cluster file, Hawser's or mplang's.")
  private Path config;

  @Option(
      names = "--rank",
      required = true,
      paramLabel = "R",
      description = "Which of its nodes this is, from 0.")
  private int rank;

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "Keep objects there, so that they survive a restart.")
  private Path store;

  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      description = "Where to listen (default: the host in the cluster file).")
  private String bind;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      defaultValue = "64",
      description = "Jobs at once; others wait (default ${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "How long an operation waits for a peer (default ${DEFAULT-VALUE}).")
  private long timeout;

  @Option(
      names = "--stop-timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "How long jobs may go on once it stops (default ${DEFAULT-VALUE}).")
  private long stopTimeout;

  @Option(names = "--json", description = "Print a JSON object when it listens.")
  private boolean json;

  /** What is printed when it listens. */
  private record Serving(int rank, int worldSize, String host, int port) {}

  @Override
  public Integer call() {
    Cluster cluster = Cluster.read(config);
    List<String> endpoints = cluster.addresses();
    if (rank < 0 || rank >= endpoints.size()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s has %d nodes, and no rank %d".formatted(config, endpoints.size(), rank));
    }
    lifeline.hold();
    HostPort own = HostPort.parse(endpoints.get(rank));
    HttpOptions options =
        HttpOptions.DEFAULT
            .withProtection(identity.protection(cluster.names()))
            .withAddress(Objects.requireNonNullElse(bind, own.host()), own.port());
    IdentityArguments.renew(options.protection());
    var functions = new Functions();
    var stopped = new CountDownLatch(1);
    var worker =
        SimpHttpWorker.open(
            options, rank, endpoints, StandardOps.registry(functions), workerOptions());
    // Also when main returns: the one place where it is closed.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(worker, stopped)));
    announce(worker.address(), endpoints.size());
    await(stopped);
    return 0;
  }

  private static void stop(SimpHttpWorker worker, CountDownLatch stopped) {
    worker.close();
    stopped.countDown();
  }

  private static void await(CountDownLatch stopped) {
    try {
      stopped.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private WorkerOptions workerOptions() {
    WorkerOptions options =
        WorkerOptions.DEFAULT
            .withPeerTimeout(Duration.ofSeconds(timeout))
            .withStopTimeout(Duration.ofSeconds(stopTimeout))
            .withJobs(jobs, WorkerOptions.DEFAULT.jobsWaiting());
    return store == null ? options : options.withStore(store);
  }

  private void announce(HostPort address, int worldSize) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(new Serving(rank, worldSize, address.host(), address.port())));
    } else {
      out.printf("rank %d of %d serves at http://%s%n", rank, worldSize, address);
    }
    out.flush();
  }
}
