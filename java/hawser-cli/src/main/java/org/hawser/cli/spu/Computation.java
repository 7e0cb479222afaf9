package org.hawser.cli.spu;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.spu.RunResult.Output;
import org.hawser.cli.spu.Signature.Argument;
import org.hawser.cli.spu.Signature.Form;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.comm.CommStatistics;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Session;
import org.hawser.spu.SpuCompiler;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.SpuSource;
import org.hawser.spu.Tensor;

/**
 * A program with files for its inputs and outputs; the same at all parties but for the inputs.
 *
 * @param argumentNames of the program's arguments in their order; empty to take its text's own
 * @param outputNames of its results in their order; empty for out0, out1 and so on
 * @param inputs those that this process may read
 * @param revealTo the rank that learns the results, null for all
 * @param outputs where results are written, by their names
 */
record Computation(
    String name,
    byte[] program,
    List<String> argumentNames,
    List<String> outputNames,
    RuntimeConfig config,
    List<InputFile> inputs,
    Integer revealTo,
    Map<String, Path> outputs) {
  private static final String ID = "run";

  /** As this, but results are told rather than written. */
  Computation withoutFiles() {
    return new Computation(
        name, program, argumentNames, outputNames, config, inputs, revealTo, Map.of());
  }

  /**
   * Takes one party's part.
   *
   * @param link for the result
   * @param whoOwnsTheRest the owner of inputs that name none
   * @return with the outputs that were revealed to this party
   */
  RunResult run(Party party, LinkKind link, int whoOwnsTheRest) {
    try {
      return attempt(party, link, whoOwnsTheRest);
    } catch (RuntimeException e) {
      // So that the others need not wait until they doubt.
      party.communicator().abort("rank %d: %s".formatted(party.rank(), e.getMessage()));
      throw e;
    }
  }

  private RunResult attempt(Party party, LinkKind link, int whoOwnsTheRest) {
    config.requireParties(party.size());
    requireRanks(party.size());
    Map<String, InputFile> own =
        inputs.stream()
            .filter(input -> input.isOwnedBy(party.rank(), whoOwnsTheRest))
            .collect(Collectors.toMap(InputFile::name, input -> input, this::givenTwice));
    Map<String, Integer> owners =
        Manifest.owners(
            party.parley().exchange("manifest", manifest(own.keySet()), Manifest.class));
    SpuExecutable executable = compile(owners);
    Map<String, Form> forms = forms(executable);
    try (Session session = party.session(ID, config)) {
      for (String input : executable.inputs()) {
        Optional<Tensor> tensor =
            Optional.ofNullable(own.get(input)).map(file -> read(file, forms));
        session.input(input, owners.get(input), tensor.orElse(null));
      }
      party.parley().meet();
      CommStatistics before = party.communicator().statistics();
      long start = System.nanoTime();
      session.run(executable);
      double seconds = (System.nanoTime() - start) / 1e9;
      CommStatistics after = party.communicator().statistics();
      return result(party, link, seconds, before, after, reveal(session, executable));
    }
  }

  private InputFile givenTwice(InputFile one, InputFile other) {
    throw invalid("input %s is given twice: %s and %s".formatted(one.name(), one, other));
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

  private Manifest manifest(Collection<String> owned) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(program);
      return new Manifest(
          HexFormat.of().formatHex(hash),
          config.protocol().name(),
          config.field().name(),
          revealTo,
          List.copyOf(owned));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private SpuExecutable compile(Map<String, Integer> owners) {
    List<String> names = names(owners.size());
    var unmatched = new TreeSet<>(owners.keySet());
    names.forEach(unmatched::remove);
    var missing = new ArrayList<>(names);
    missing.removeAll(owners.keySet());
    if (!unmatched.isEmpty() || !missing.isEmpty()) {
      throw invalid(
          "%s takes %s; no party gives %s, and nothing takes %s; --inputs names its arguments in order"
              .formatted(name, names, missing, unmatched));
    }
    byte[] code = SpuCompiler.compile(new SpuSource(name, program, names, List.of())).code();
    int results = Signature.parse(code).map(Signature::results).orElse(outputNames.size());
    List<String> outs =
        outputNames.isEmpty()
            ? IntStream.range(0, results).mapToObj(i -> "out" + i).toList()
            : outputNames;
    if (outs.size() != results) {
      throw invalid("%s has %d results, not those: %s".formatted(name, results, outs));
    }
    if (!outs.containsAll(outputs.keySet())) {
      throw invalid("%s has the results %s, not %s".formatted(name, outs, outputs.keySet()));
    }
    return new SpuExecutable(name, names, outs, code);
  }

  /** Byte code does not tell how many arguments it takes: those that are given. */
  private List<String> names(int given) {
    Optional<Signature> signature = Signature.parse(program);
    if (argumentNames.isEmpty()) {
      return signature
          .map(Signature::argumentNames)
          .orElseGet(() -> IntStream.range(0, given).mapToObj(i -> "arg" + i).toList());
    }
    int arguments = signature.map(each -> each.arguments().size()).orElse(argumentNames.size());
    if (arguments != argumentNames.size()) {
      throw invalid(
          "%s takes %d arguments, but --inputs names %s".formatted(name, arguments, argumentNames));
    }
    return argumentNames;
  }

  private static Map<String, Form> forms(SpuExecutable executable) {
    List<Argument> arguments =
        Signature.parse(executable.code()).map(Signature::arguments).orElse(List.of());
    return IntStream.range(0, arguments.size())
        .boxed()
        .filter(i -> arguments.get(i).form().isPresent())
        .collect(
            Collectors.toMap(
                i -> executable.inputs().get(i), i -> arguments.get(i).form().orElseThrow()));
  }

  private static Tensor read(InputFile input, Map<String, Form> forms) {
    Form form = forms.get(input.name());
    return form == null
        ? TensorFiles.read(input.file())
        : Fitting.read(input.file(), input.name(), form);
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

  private RunResult result(
      Party party,
      LinkKind link,
      double seconds,
      CommStatistics before,
      CommStatistics after,
      List<Output> revealed) {
    boolean counted = link == LinkKind.thread || link == LinkKind.lanes;
    return new RunResult(
        party.rank(),
        party.size(),
        config.protocol().name(),
        config.field().name(),
        link,
        seconds,
        counted ? after.messagesSent() - before.messagesSent() : null,
        counted ? after.bytesSent() - before.bytesSent() : null,
        revealed);
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
