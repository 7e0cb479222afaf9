package org.hawser.cli.spu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.spu.RunResult.Output;
import org.hawser.cli.spu.Signature.Form;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.comm.CommStatistics;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Session;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.Tensor;

/**
 * A program with files for its inputs and outputs; the same at all parties but for the files.
 *
 * @param inputs those that this process may read
 * @param revealTo the rank that learns the results, null for all
 * @param outputs where results are written, by their names
 */
record Computation(
    ProgramFile program,
    RuntimeConfig config,
    List<InputFile> inputs,
    Integer revealTo,
    Map<String, Path> outputs) {
  private static final String ID = "run";

  /** As this, but results are told rather than written. */
  Computation withoutFiles() {
    return new Computation(program, config, inputs, revealTo, Map.of());
  }

  /**
   * Takes one party's part.
   *
   * @param whoOwnsTheRest the owner of inputs that name none
   * @return with the outputs that were revealed to this party
   */
  RunResult run(Party party, int whoOwnsTheRest) {
    try {
      return attempt(party, whoOwnsTheRest);
    } catch (RuntimeException e) {
      // So that the others need not wait until they doubt.
      party.communicator().abort("rank %d: %s".formatted(party.rank(), e.getMessage()));
      throw e;
    }
  }

  private RunResult attempt(Party party, int whoOwnsTheRest) {
    config.requireParties(party.size());
    requireRanks(party.size());
    Map<String, InputFile> own =
        inputs.stream()
            .filter(input -> input.isOwnedBy(party.rank(), whoOwnsTheRest))
            .collect(Collectors.toMap(InputFile::name, input -> input, Computation::givenTwice));
    var mine =
        new Manifest(
            program.sha256(),
            config.protocol().name(),
            config.field().name(),
            revealTo,
            List.copyOf(own.keySet()));
    Map<String, Integer> owners =
        Manifest.owners(party.parley().exchange("manifest", mine, Manifest.class));
    SpuExecutable executable = program.compile(owners.keySet());
    requireOutputs(executable.outputs());
    try (Session session = party.session(ID, config)) {
      give(session, executable, own, owners);
      return run(party, session, executable);
    }
  }

  private static InputFile givenTwice(InputFile one, InputFile other) {
    throw invalid(
        "input %s is given twice: %s and %s".formatted(one.name(), one.file(), other.file()));
  }

  private void requireRanks(int parties) {
    IntStream.concat(
            inputs.stream().flatMapToInt(input -> input.owner().stream()),
            revealTo == null ? IntStream.empty() : IntStream.of(revealTo))
        .filter(rank -> rank < 0 || rank >= parties)
        .findFirst()
        .ifPresent(
            rank -> {
              throw invalid("there is no rank %d among %d parties".formatted(rank, parties));
            });
  }

  private void requireOutputs(List<String> results) {
    if (!results.containsAll(outputs.keySet())) {
      throw invalid(
          "%s has the results %s, not %s".formatted(program.name(), results, outputs.keySet()));
    }
  }

  private static void give(
      Session session,
      SpuExecutable executable,
      Map<String, InputFile> own,
      Map<String, Integer> owners) {
    Map<String, Form> forms = ProgramFile.forms(executable);
    for (String input : executable.inputs()) {
      InputFile file = own.get(input);
      session.input(input, owners.get(input), file == null ? null : read(file, forms.get(input)));
    }
  }

  private static Tensor read(InputFile input, Form form) {
    return form == null
        ? TensorFiles.read(input.file())
        : Fitting.read(input.file(), input.name(), form);
  }

  private RunResult run(Party party, Session session, SpuExecutable executable) {
    party.parley().meet();
    CommStatistics before = party.communicator().statistics();
    long start = System.nanoTime();
    session.run(executable);
    double seconds = (System.nanoTime() - start) / 1e9;
    CommStatistics after = party.communicator().statistics();
    boolean counted = party.link().isCounted();
    return new RunResult(
        party.rank(),
        party.size(),
        config.protocol().name(),
        config.field().name(),
        party.link(),
        seconds,
        counted ? after.messagesSent() - before.messagesSent() : null,
        counted ? after.bytesSent() - before.bytesSent() : null,
        reveal(session, executable));
  }

  private List<Output> reveal(Session session, SpuExecutable executable) {
    List<Output> revealed = new ArrayList<>();
    for (String output : executable.outputs()) {
      Optional<Tensor> tensor =
          revealTo == null
              ? Optional.of(session.revealToAll(output))
              : session.reveal(output, revealTo);
      tensor.ifPresent(value -> revealed.add(keep(output, value)));
    }
    return revealed;
  }

  private Output keep(String output, Tensor tensor) {
    Path file = outputs.get(output);
    if (file == null) {
      return Output.told(output, tensor);
    }
    TensorFiles.write(file, tensor);
    return Output.written(output, tensor, file.toString());
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
