package org.hawser.simp.ir;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A program, or a part of one: operations in an order in which they can run, each using what came
 * before. Made by a {@link Builder}; never changes afterwards.
 */
public final class Graph {
  private final List<Value> inputs;
  private final List<Operation> operations;
  private final List<Value> outputs;
  private final int slots;
  private final int[] uses;

  private Graph(Builder builder) {
    inputs = List.copyOf(builder.inputs);
    operations = List.copyOf(builder.operations);
    outputs = List.copyOf(builder.outputs);
    slots = builder.slots;
    uses = new int[slots];
    operations.forEach(operation -> operation.inputs().forEach(value -> uses[value.slot()]++));
    outputs.forEach(value -> uses[value.slot()]++);
  }

  /** Begins an empty graph. */
  public static Builder builder() {
    return new Builder();
  }

  /** What it is given. */
  public List<Value> inputs() {
    return inputs;
  }

  /** In the order in which they can run. */
  public List<Operation> operations() {
    return operations;
  }

  /** What it returns; inputs among them are handed through. */
  public List<Value> outputs() {
    return outputs;
  }

  /** The number of its values: their slots are below. */
  public int slots() {
    return slots;
  }

  /** How often each value is used, by slot: as an input of an operation or an output; a copy. */
  public int[] uses() {
    return uses.clone();
  }

  /** For people, as {@link GraphPrinter} has it. */
  @Override
  public String toString() {
    return GraphPrinter.print(this);
  }

  static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }

  /** Makes one graph. Not safe for several threads. */
  public static final class Builder {
    private final List<Value> inputs = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();
    private final List<Value> outputs = new ArrayList<>();
    private final Set<Value> values = new HashSet<>();
    private final Set<String> names = new HashSet<>();
    private int slots;
    private int nextName;

    private Builder() {}

    /** Adds an input. */
    public Value input(String name, Type type) {
      Value value = define(name, type);
      inputs.add(value);
      return value;
    }

    /** Adds an operation without regions, whose outputs get names of their own. */
    public List<Value> op(
        String opcode,
        List<Value> operands,
        List<? extends Type> outputTypes,
        Map<String, Object> attributes) {
      return op(opcode, operands, outputTypes, attributes, List.of());
    }

    /** Adds an operation, whose outputs get names of their own. */
    public List<Value> op(
        String opcode,
        List<Value> operands,
        List<? extends Type> outputTypes,
        Map<String, Object> attributes,
        List<Graph> regions) {
      List<Value> made = new ArrayList<>();
      for (Type type : outputTypes) {
        made.add(define(freeName(), type));
      }
      return add("op" + operations.size(), opcode, operands, made, attributes, regions);
    }

    /**
     * Adds an operation whose name and whose outputs' names are given.
     *
     * @param outputNames one an output type
     */
    public List<Value> op(
        String name,
        String opcode,
        List<Value> operands,
        List<String> outputNames,
        List<? extends Type> outputTypes,
        Map<String, Object> attributes,
        List<Graph> regions) {
      List<Value> made = new ArrayList<>();
      for (int i = 0; i < outputNames.size(); i++) {
        made.add(define(outputNames.get(i), outputTypes.get(i)));
      }
      return add(name, opcode, operands, made, attributes, regions);
    }

    private List<Value> add(
        String name,
        String opcode,
        List<Value> operands,
        List<Value> made,
        Map<String, Object> attributes,
        List<Graph> regions) {
      operands.forEach(this::requireKnown);
      operations.add(new Operation(opcode, name, operands, made, attributes, regions));
      values.addAll(made);
      return List.copyOf(made);
    }

    /** Returns a value from the graph, after those before. */
    public Builder output(Value value) {
      requireKnown(value);
      outputs.add(value);
      return this;
    }

    public Graph build() {
      return new Graph(this);
    }

    /**
     * As {@link #build}, with the inputs in another order than that of their making.
     *
     * @param order all of the inputs
     */
    public Graph buildWithInputs(List<Value> order) {
      if (order.size() != inputs.size() || !inputs.containsAll(order)) {
        throw invalid("%s are not the inputs %s".formatted(order, inputs));
      }
      inputs.clear();
      inputs.addAll(order);
      return build();
    }

    private void requireKnown(Value value) {
      if (!values.contains(value)) {
        throw invalid("value %s is not of this graph".formatted(value));
      }
    }

    private String freeName() {
      String name;
      do {
        name = "%" + nextName++;
      } while (names.contains(name));
      return name;
    }

    private Value define(String name, Type type) {
      if (!names.add(name)) {
        throw invalid("there are two values %s in one graph".formatted(name));
      }
      Value value = new Value(slots++, name, type);
      values.add(value);
      return value;
    }
  }
}
