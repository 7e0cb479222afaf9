package org.hawser.cli.spu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.comm.CommStatistics;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Session;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.Program;

/**
 * What every party of a measurement does: runs to warm up, then those that count, each begun
 * together. Nothing is compiled, shared or revealed in the measured time.
 *
 * @param warmUp seconds; at least one run
 * @param result where the first party writes the result, null when nobody wants it
 */
record BenchWork(
    BenchProgram program, LinkKind link, Protocol protocol, double warmUp, int runs, Path result) {
  private static final String ID = "bench";

  /** One run; the median time of its operations in microseconds, where it has many alike. */
  @FunctionalInterface
  private interface Run {
    Optional<Double> go();
  }

  /**
   * @param speaks whether this party tells what its process uses
   */
  PartyReport run(Party party, boolean speaks) {
    try {
      return program.isBare() ? move(party, speaks) : compute(party, speaks);
    } catch (RuntimeException e) {
      party.communicator().abort("rank %d: %s".formatted(party.rank(), e.getMessage()));
      throw e;
    }
  }

  private PartyReport compute(Party party, boolean speaks) {
    Program source = program.program();
    SpuExecutable executable = repeatable(source.compile());
    try (Session session = party.session(ID, RuntimeConfig.of(protocol, Field.FM64))) {
      int owner = 0;
      for (Map.Entry<String, Tensor> input : program.inputs(source).entrySet()) {
        session.input(input.getKey(), owner, input.getValue());
        owner = 1 - owner;
      }
      PartyReport report =
          measure(
              party,
              speaks,
              () -> {
                session.run(executable);
                return Optional.empty();
              });
      String output = executable.outputs().getFirst();
      session
          .reveal(output, 0)
          .filter(_ -> result != null)
          .ifPresent(tensor -> TensorFiles.write(result, tensor));
      return report;
    }
  }

  /** Its results become no inputs, so that every run computes the same. */
  private static SpuExecutable repeatable(SpuExecutable executable) {
    List<String> outputs = executable.outputs().stream().map(output -> "result-" + output).toList();
    return new SpuExecutable(executable.name(), executable.inputs(), outputs, executable.code());
  }

  private PartyReport move(Party party, boolean speaks) {
    try (var context = party.openLink(ID);
        var messages = new LinkMessages(context, program.rows())) {
      return measure(
          party,
          speaks,
          () ->
              program.kind() == BenchProgram.Kind.pingpong
                  ? messages.pingPong()
                  : messages.stream());
    }
  }

  /** As long as the first party wants: all must run equally often. */
  private void warmUp(Parley parley, Run run) {
    long start = System.nanoTime();
    boolean more;
    do {
      run.go();
      more = (System.nanoTime() - start) / 1e9 < warmUp;
    } while (parley.exchange("warm-up", more, Boolean.class).getFirst());
  }

  private PartyReport measure(Party party, boolean speaks, Run run) {
    Parley parley = party.parley();
    warmUp(parley, run);
    List<Double> medians = new ArrayList<>();
    double[] walls = new double[runs];
    int ports = speaks ? OwnProcess.listeningPorts() : 0;
    parley.meet();
    CommStatistics before = party.communicator().statistics();
    double cpuBefore = OwnProcess.cpuSeconds();
    for (int i = 0; i < runs; i++) {
      parley.meet();
      long start = System.nanoTime();
      run.go().ifPresent(medians::add);
      walls[i] = (System.nanoTime() - start) / 1e6;
    }
    parley.meet();
    double cpu = OwnProcess.cpuSeconds() - cpuBefore;
    CommStatistics after = party.communicator().statistics();
    // What the parties said to each other when they met does not belong to the program.
    long met = (runs + 1L) * (party.size() - 1);
    boolean counted = link.isCounted();
    return new PartyReport(
        walls,
        medians.isEmpty() ? null : medians.stream().sorted().toList().get(medians.size() / 2),
        counted ? after.messagesSent() - before.messagesSent() - met : null,
        counted ? after.bytesSent() - before.bytesSent() - met * Parley.MEETING_BYTES : null,
        speaks ? cpu : 0,
        speaks ? OwnProcess.rssMbPeak() : 0,
        ports);
  }
}
