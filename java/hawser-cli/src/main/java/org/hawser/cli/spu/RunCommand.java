package org.hawser.cli.spu;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hawser.cli.cluster.SpuDevice;
import org.hawser.cli.common.Json;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.ffi.SpuLibrary;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser spu run}. */
@Command(
    name = "run",
    description = "Run a StableHLO program on secret inputs, as one party or as all of them.",
    footer = {
      "",
      "Each party starts it with the inputs that it owns, and learns from the others what they own.",
      "With NAME@RANK=FILE all parties may be given one command line: a file is read at its owner.",
      "",
      "Examples:",
      "  hawser spu run --program compare.mlir --simulate 2 --input arg0=x.npy --input arg1@1=y.csv",
      "  hawser spu run --program compare.mlir --parties a:7000,b:7000 --rank 0 --input arg0=x.npy",
      "  srun -n 3 hawser spu run --program lr.mlir --protocol ABY3 --input arg0@0=x.npy ..",
    })
public final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private PartyArguments parties;

  @Option(
      names = "--program",
      required = true,
      paramLabel = "FILE",
      description = "StableHLO, as text or byte code, such as JAX exports.")
  private Path program;

  @Option(
      names = "--protocol",
      description = "${COMPLETION-CANDIDATES} (default SEMI2K, or what the device says).")
  private Protocol protocol;

  @Option(
      names = "--field",
      description = "${COMPLETION-CANDIDATES} (default FM64, or what the device says).")
  private Field field;

  @Option(
      names = "--fraction-bits",
      paramLabel = "N",
      description = "Bits after the binary point (default: what suits the field).")
  private Integer fractionBits;

  @Option(
      names = "--input",
      paramLabel = "NAME[@RANK]=FILE",
      description = "An argument's value, .npy or .csv; of this party unless a rank is named.")
  private List<String> inputs = List.of();

  @Option(
      names = "--inputs",
      split = ",",
      paramLabel = "NAME",
      description = "Names for the program's arguments, in order (default: its own, as arg0).")
  private List<String> argumentNames = List.of();

  @Option(
      names = "--outputs",
      split = ",",
      paramLabel = "NAME",
      description = "Names for its results, in order (default out0, out1, ..).")
  private List<String> outputNames = List.of();

  @Option(
      names = "--reveal-to",
      paramLabel = "RANK",
      description = "Who learns the results (default: all parties).")
  private Integer revealTo;

  @Option(
      names = "--out",
      paramLabel = "NAME=FILE",
      description = "Write a result to a file, .npy or .csv, rather than print it.")
  private Map<String, Path> outputs = Map.of();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    outputs.values().forEach(TensorFiles::requireKnown);
    Computation computation = computation(parties.device());
    SpuLibrary.require();
    if (parties.isSimulated()) {
      simulate(computation);
    } else {
      try (Party party = parties.party()) {
        print(computation.run(party, party.rank()));
      }
    }
    return 0;
  }

  private void simulate(Computation computation) {
    try (var all = new Together(parties.threads())) {
      List<RunResult> results =
          all.run(
              party ->
                  (party.rank() == shown() ? computation : computation.withoutFiles())
                      .run(party, 0));
      print(results.get(shown()));
    }
  }

  /** The party that tells its results, where all of them are here. */
  private int shown() {
    return Objects.requireNonNullElse(revealTo, 0);
  }

  private Computation computation(Optional<SpuDevice> device) {
    var config =
        RuntimeConfig.builder(
            Optional.ofNullable(protocol)
                .or(() -> device.flatMap(SpuDevice::protocol))
                .orElse(Protocol.SEMI2K),
            Optional.ofNullable(field)
                .or(() -> device.flatMap(SpuDevice::field))
                .orElse(Field.FM64));
    Optional.ofNullable(fractionBits)
        .or(() -> device.flatMap(SpuDevice::fractionBits))
        .ifPresent(config::fxpFractionBits);
    return new Computation(
        ProgramFile.read(program, argumentNames, outputNames),
        config.build(),
        inputs.stream().map(InputFile::parse).toList(),
        revealTo,
        outputs);
  }

  private void print(RunResult result) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(result));
      return;
    }
    result.outputs().forEach(output -> out.println(output.line()));
    if (revealTo != null && revealTo != result.rank()) {
      out.println("the results were revealed to rank " + revealTo);
    }
    out.printf(
        Locale.ROOT,
        "%s %s, %d parties over %s: %.3f s%s%n",
        result.protocol(),
        result.field(),
        result.parties(),
        result.link(),
        result.seconds(),
        result.messages() == null
            ? ""
            : ", %d messages and %d bytes sent by rank %d"
                .formatted(result.messages(), result.bytes(), result.rank()));
  }
}
