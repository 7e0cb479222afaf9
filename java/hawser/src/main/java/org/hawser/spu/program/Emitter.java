package org.hawser.spu.program;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Writes operations as text, one after the other, into the region that is open. */
final class Emitter {
  private final String program;
  private Region region = new Region(Region.Kind.MAIN, null);
  private int named;
  private boolean finished;

  Emitter(String program) {
    this.program = program;
  }

  /** Another parameter of the main function. */
  Value input(TensorType type) {
    requireOpen("input");
    if (region.kind() != Region.Kind.MAIN) {
      throw invalid("input: %s takes no inputs".formatted(region.kind().description));
    }
    return parameter(region, "%arg" + region.parameters().size(), type);
  }

  Value constant(TensorType type, String elements) {
    return literal("constant", " dense<" + elements + ">", type);
  }

  Value iota(int dimension, TensorType type) {
    return literal("iota", " dim = " + dimension, type);
  }

  private Value literal(String op, String attributes, TensorType type) {
    requireOpen(op);
    if (!region.kind().takesConstants) {
      throw invalid(
          "%s %s: libspu takes no constants within %s: use its parameters only"
              .formatted(op, type, region.kind().description));
    }
    Value value = result(op, type);
    region.line("%s = stablehlo.%s%s : %s".formatted(value.name(), op, attributes, type.mlir()));
    return value;
  }

  /**
   * An operation without regions.
   *
   * @param attributes what follows the operands, with its separator
   */
  Value emit(String op, List<Value> operands, String attributes, TensorType type) {
    requireUsable(op, operands);
    Value value = result(op, type);
    region.line(
        "%s = stablehlo.%s %s%s : (%s) -> %s"
            .formatted(
                value.name(),
                op,
                names(operands),
                attributes,
                types(typesOf(operands)),
                type.mlir()));
    return value;
  }

  /** An operation with regions, in MLIR's generic form. */
  List<Value> emit(
      String op,
      List<Value> operands,
      String attributes,
      List<Region> regions,
      List<TensorType> types) {
    requireUsable(op, operands);
    String name = nextName();
    String blocks = regions.stream().map(Region::block).collect(Collectors.joining(", "));
    region.line(
        "%s = \"stablehlo.%s\"(%s)%s (%s) : (%s) -> (%s)"
            .formatted(
                types.size() == 1 ? name : name + ":" + types.size(),
                op,
                names(operands),
                attributes,
                blocks,
                types(typesOf(operands)),
                types(types)));
    var values = new ArrayList<Value>();
    for (TensorType type : types) {
      values.add(
          new Value(this, region, types.size() == 1 ? name : name + "#" + values.size(), type));
    }
    return List.copyOf(values);
  }

  /**
   * Runs a lambda with a region's parameters: what it does is written there.
   *
   * @param op for messages
   * @param results the types that the lambda must return
   */
  Region within(
      String op,
      Region.Kind kind,
      List<TensorType> parameters,
      List<TensorType> results,
      Function<List<Value>, List<Value>> body) {
    requireOpen(op);
    if (region.kind().scalarsOnly) {
      throw invalid("%s: not possible within %s".formatted(op, region.kind().description));
    }
    Region outer = region;
    region = new Region(kind, outer);
    try {
      for (TensorType type : parameters) {
        parameter(region, nextName(), type);
      }
      List<Value> returned = body.apply(region.parameters());
      requireUsable(op, returned);
      if (!typesOf(returned).equals(results)) {
        throw invalid(
            "%s: %s returns %s: expected %s"
                .formatted(op, kind.description, typesOf(returned), results));
      }
      region.finish("stablehlo.return", returned);
      return region;
    } finally {
      region = outer;
    }
  }

  /** The module's text; nothing can be written any more. */
  String finish(List<Value> outputs) {
    requireUsable("build", outputs);
    finished = true;
    region.finish("return", outputs);
    return """
        module @%s {
          func.func public @main(%s) -> (%s) {
        %s  }
        }
        """
        .formatted(program, region.signature(), types(typesOf(outputs)), region.text());
  }

  /** An error of an operation: its operands' types and what was expected. */
  HawserException misfit(String op, List<Value> operands, String expected) {
    String types =
        typesOf(operands).stream().map(TensorType::toString).collect(Collectors.joining(", "));
    return invalid("%s(%s): %s".formatted(op, types, expected));
  }

  HawserException invalid(String what) {
    return new HawserException(
        ErrorCode.INVALID_ARGUMENT, "program %s: %s".formatted(program, what));
  }

  static String names(List<Value> values) {
    return values.stream().map(Value::name).collect(Collectors.joining(", "));
  }

  static List<TensorType> typesOf(List<Value> values) {
    return values.stream().map(Value::tensorType).toList();
  }

  static String types(List<TensorType> types) {
    return types.stream().map(TensorType::mlir).collect(Collectors.joining(", "));
  }

  static <T> List<T> join(List<T> first, List<T> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  private Value parameter(Region owner, String name, TensorType type) {
    var value = new Value(this, owner, name, type);
    owner.addParameter(value);
    return value;
  }

  private Value result(String op, TensorType type) {
    if (region.kind().scalarsOnly && !type.isScalar()) {
      throw invalid(
          "%s: its result is %s: %s computes with scalars only"
              .formatted(op, type, region.kind().description));
    }
    return new Value(this, region, nextName(), type);
  }

  private String nextName() {
    return "%" + named++;
  }

  void requireOpen(String op) {
    if (finished) {
      throw invalid(op + ": the program is built: use another builder");
    }
  }

  void requireUsable(String op, List<Value> operands) {
    requireOpen(op);
    for (Value operand : operands) {
      if (operand.emitter() != this) {
        throw misfit(op, operands, "expected values of one program");
      }
      requireVisible(op, operands, operand.region());
    }
  }

  private void requireVisible(String op, List<Value> operands, Region owner) {
    for (Region at = region; at != owner; at = at.parent()) {
      if (at.parent() == null) {
        throw misfit(
            op, operands, "a value of %s is used outside it".formatted(owner.kind().description));
      }
      if (!at.kind().seesOuterValues) {
        throw misfit(
            op,
            operands,
            "%s uses only its parameters, no value from outside it"
                .formatted(at.kind().description));
      }
    }
  }
}
