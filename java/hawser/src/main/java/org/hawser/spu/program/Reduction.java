package org.hawser.spu.program;

import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.spu.DataType;

/** Operations that make one element of all along some dimensions. */
final class Reduction {
  private Reduction() {}

  /**
   * Of numbers.
   *
   * @param dimensions none for all of them
   */
  static Value numbers(
      String op, Value value, String start, BinaryOperator<Value> combine, int... dimensions) {
    if (value.type() == DataType.I1) {
      throw value.emitter().misfit(op, List.of(value), "expected numbers: convert them first");
    }
    return from(op, value, start, combine, dimensions);
  }

  /** Of truth values. */
  static Value truths(
      String op, Value value, boolean start, BinaryOperator<Value> combine, int... dimensions) {
    if (value.type() != DataType.I1) {
      throw value.emitter().misfit(op, List.of(value), "expected truth values: compare first");
    }
    return from(op, value, Boolean.toString(start), combine, dimensions);
  }

  static Value mean(Value value, int... dimensions) {
    if (!value.type().isFloating()) {
      throw value
          .emitter()
          .misfit("mean", List.of(value), "expected floating-point numbers: convert them first");
    }
    long count =
        IntStream.of(over(value, dimensions)).mapToLong(value::extent).reduce(1, (a, b) -> a * b);
    return value.sum(dimensions).divide(count);
  }

  private static Value from(
      String op, Value value, String start, BinaryOperator<Value> combine, int... dimensions) {
    return reduce(
        op,
        value,
        value.emitter().constant(value.tensorType().scalar(), start),
        combine,
        dimensions);
  }

  static Value reduce(
      String op, Value value, Value initial, BinaryOperator<Value> combine, int... dimensions) {
    return reduce(
            op,
            List.of(value),
            List.of(initial),
            (left, right) -> List.of(combine.apply(left.getFirst(), right.getFirst())),
            dimensions)
        .getFirst();
  }

  /** Of several values of one shape, together. */
  static List<Value> reduce(
      String op,
      List<Value> values,
      List<Value> initials,
      BinaryOperator<List<Value>> combine,
      int... dimensions) {
    Value first = values.getFirst();
    int[] over = over(first, dimensions);
    Shaping.requireDistinct(op, first, first.rank(), over);
    List<Value> operands = Emitter.join(values, initials);
    List<TensorType> scalars = values.stream().map(value -> value.tensorType().scalar()).toList();
    if (!Emitter.typesOf(initials).equals(scalars)) {
      throw first
          .emitter()
          .misfit(op, operands, "expected an initial value for each: %s".formatted(scalars));
    }
    Shaping.requireOneShape(op, values);
    if (over.length == 0) {
      return values;
    }
    int count = values.size();
    Region reducer =
        first
            .emitter()
            .within(
                op,
                Region.Kind.REDUCER,
                Emitter.join(scalars, scalars),
                scalars,
                both -> combine.apply(both.subList(0, count), both.subList(count, 2 * count)));
    String list = IntStream.of(over).mapToObj(Integer::toString).collect(Collectors.joining(", "));
    return first
        .emitter()
        .emit(
            "reduce",
            operands,
            " <{dimensions = array<i64: %s>}>".formatted(list),
            List.of(reducer),
            values.stream().map(value -> value.tensorType().without(over)).toList());
  }

  /** Ascending: libspu wants them so. */
  private static int[] over(Value value, int... dimensions) {
    return dimensions.length == 0
        ? IntStream.range(0, value.rank()).toArray()
        : Arrays.stream(dimensions).sorted().toArray();
  }
}
