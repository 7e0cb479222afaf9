package org.hawser.simp.op;

import static org.hawser.simp.op.Tensors.invalid;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.link.LinkCommunicator;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.serde.Sequences;
import org.hawser.spu.CompilerOptions;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Share;
import org.hawser.spu.SpuCompiler;
import org.hawser.spu.SpuExecutable;
import org.hawser.spu.SpuIo;
import org.hawser.spu.SpuRuntime;
import org.hawser.spu.SpuSource;
import org.hawser.spu.Stablehlo;
import org.hawser.spu.Tensor;
import org.hawser.spu.Visibility;

/** What one job runs its secure programs on, with the same parties and the same configuration. */
final class SpuMachine implements AutoCloseable {
  private static final String NAME = "spu_kernel";

  private final LinkCommunicator link;
  private final SpuRuntime runtime;
  private final SpuIo io;

  /** Owns the link; waits for the other parties. */
  SpuMachine(LinkCommunicator link, RuntimeConfig config) {
    this.link = link;
    runtime = new SpuRuntime(link, config);
    io = new SpuIo(link.worldSize(), config);
  }

  /** Does a {@code spu.exec}; when it fails the other parties are told. */
  Object[] run(Operation operation, List<Object> inputs) {
    try {
      return results(operation, inputs);
    } catch (HawserException e) {
      link.broken(e);
      throw e;
    } catch (RuntimeException e) {
      link.broken(new HawserException(ErrorCode.INTERNAL, "a party failed with " + e.getClass()));
      throw e;
    }
  }

  private Object[] results(Operation operation, List<Object> inputs) {
    List<String> names = names(operation, "input_names");
    if (names.size() != inputs.size()) {
      throw invalid("%d names are given for %d inputs".formatted(names.size(), inputs.size()));
    }
    List<long[]> shapes = new ArrayList<>(inputs.size());
    for (int i = 0; i < names.size(); i++) {
      shapes.add(set(names.get(i), inputs, i));
    }
    SpuExecutable executable = executable(operation, names, shapes);
    runtime.run(executable);
    return executable.outputs().stream().map(runtime::getVar).toArray();
  }

  /** Gives a variable an input's value, and says its shape. */
  private long[] set(String name, List<Object> inputs, int index) {
    if (inputs.get(index) instanceof Share share) {
      runtime.setVar(name, share);
      return share.shape();
    }
    Tensor tensor = Tensors.input(inputs.toArray(), index);
    List<Share> shares = io.makeShares(tensor, Visibility.PUBLIC);
    try {
      runtime.setVar(name, shares.get(link.rank()));
    } finally {
      shares.forEach(Share::close);
    }
    return tensor.shape();
  }

  private static SpuExecutable executable(
      Operation operation, List<String> inputs, List<long[]> shapes) {
    List<String> outputs = names(operation, "output_names");
    String form =
        operation.attributes().get("ir_type") == null
            ? "pphlo"
            : operation.attribute("ir_type", String.class);
    return switch (form) {
      case "pphlo" ->
          new SpuExecutable(NAME, inputs, outputs, operation.attribute("executable", byte[].class));
      case "stablehlo" -> {
        String program = operation.attribute("executable", String.class);
        yield SpuCompiler.compile(
            new SpuSource(NAME, Stablehlo.refine(program, shapes), inputs, outputs),
            visibilities(operation, inputs.size()),
            CompilerOptions.DEFAULT);
      }
      default ->
          throw invalid("there are no programs of type %s: pphlo, stablehlo".formatted(form));
    };
  }

  /** As the driver saw them; what it says nothing of is public. */
  private static List<Visibility> visibilities(Operation operation, int inputs) {
    List<String> given =
        operation.attributes().get("input_vis") == null
            ? Collections.nCopies(inputs, "public")
            : names(operation, "input_vis");
    return given.stream()
        .map(visibility -> visibility.equals("secret") ? Visibility.SECRET : Visibility.PUBLIC)
        .toList();
  }

  private static List<String> names(Operation operation, String attribute) {
    List<?> names = Sequences.of(operation, attribute);
    return IntStream.range(0, names.size())
        .mapToObj(
            i -> {
              if (names.get(i) instanceof String name) {
                return name;
              }
              throw invalid("%s are texts: see number %d".formatted(attribute, i));
            })
        .toList();
  }

  @Override
  public void close() {
    runtime.close();
  }
}
