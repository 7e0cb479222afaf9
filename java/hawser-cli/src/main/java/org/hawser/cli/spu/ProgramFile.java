package org.hawser.cli.spu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.spu.Signature.Argument;
import org.hawser.cli.spu.Signature.Form;
import org.hawser.spu.SpuCompiler;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.SpuSource;

/**
 * A StableHLO program, and what its variables are called.
 *
 * @param content text or byte code
 * @param argumentNames of its arguments in their order; empty to take its text's own
 * @param outputNames of its results in their order; empty for out0, out1 and so on
 */
record ProgramFile(
    String name, byte[] content, List<String> argumentNames, List<String> outputNames) {

  /**
   * @throws HawserException (INVALID_ARGUMENT) when the file cannot be read
   */
  static ProgramFile read(Path file, List<String> argumentNames, List<String> outputNames) {
    try {
      byte[] content = Files.readAllBytes(file);
      return new ProgramFile(file.getFileName().toString(), content, argumentNames, outputNames);
    } catch (IOException e) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "the program %s cannot be read: %s".formatted(file, e), e);
    }
  }

  String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has it.
    }
  }

  /**
   * Compiles it for secret inputs.
   *
   * @param given the inputs that there are
   * @throws HawserException (INVALID_ARGUMENT) when they are not its arguments, or it does not
   *     compile
   */
  SpuExecutable compile(Set<String> given) {
    List<String> names = names(given.size());
    var surplus = new TreeSet<>(given);
    names.forEach(surplus::remove);
    var missing = new ArrayList<>(names);
    missing.removeAll(given);
    if (!surplus.isEmpty() || !missing.isEmpty()) {
      throw invalid(
          "%s takes %s; no party gives %s, and nothing takes %s; --inputs names its arguments in order"
              .formatted(name, names, missing, surplus));
    }
    byte[] code = SpuCompiler.compile(new SpuSource(name, content, names, List.of())).code();
    int results = Signature.parse(code).map(Signature::results).orElse(outputNames.size());
    List<String> outputs =
        outputNames.isEmpty()
            ? IntStream.range(0, results).mapToObj(i -> "out" + i).toList()
            : outputNames;
    if (outputs.size() != results) {
      throw invalid("%s has %d results, not those: %s".formatted(name, results, outputs));
    }
    return new SpuExecutable(name, names, outputs, code);
  }

  /** Byte code does not tell how many arguments it takes: those that are given. */
  private List<String> names(int given) {
    Optional<Signature> signature = Signature.parse(content);
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

  /** Type and shape of an executable's inputs, as far as its code tells them. */
  static Map<String, Form> forms(SpuExecutable executable) {
    List<Argument> arguments =
        Signature.parse(executable.code()).map(Signature::arguments).orElse(List.of());
    return IntStream.range(0, arguments.size())
        .boxed()
        .filter(i -> arguments.get(i).form().isPresent())
        .collect(
            Collectors.toMap(
                i -> executable.inputs().get(i), i -> arguments.get(i).form().orElseThrow()));
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
