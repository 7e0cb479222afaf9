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
      String op, Value value, double start, BinaryOperator<Value> combine, int... dimensions) {
    requireNumbers(op, value);
    return from(op, value, start, combine, dimensions);
  }

  /** Of truth values. */
  static Value truths(
      String op, Value value, double start, BinaryOperator<Value> combine, int... dimensions) {
    if (value.type() != DataType.I1) {
      throw value.emitter().misfit(op, List.of(value), "expected truth values: compare first");
    }
    return from(op, value, start, combine, dimensions);
  }

  /**
   * The largest or smallest numbers, by halves that may overlap. A reduction would have to start at
   * a number beyond all others, and SECURENN does not compare with those right.
   */
  static Value extremes(String op, Value value, BinaryOperator<Value> choose, int... dimensions) {
    requireNumbers(op, value);
    int[] over = over(value, dimensions);
    Shaping.requireDistinct(op, value, value.rank(), over);
    if (value.elements() == 0) {
      throw value.emitter().misfit(op, List.of(value), "expected at least one element");
    }
    Value folded = value;
    for (int dimension : over) {
      while (folded.extent(dimension) > 1) {
        long half = Math.ceilDiv(folded.extent(dimension), 2L);
        folded =
            choose.apply(
                part(folded, dimension, 0, half),
                part(folded, dimension, folded.extent(dimension) - half, half));
      }
    }
    return folded.reshape(value.tensorType().without(over).shape());
  }

  private static Value part(Value value, int dimension, long first, long count) {
    long[] starts = new long[value.rank()];
    long[] limits = value.shape();
    starts[dimension] = first;
    limits[dimension] = first + count;
    return value.slice(starts, limits);
  }

  private static void requireNumbers(String op, Value value) {
    if (value.type() == DataType.I1) {
      throw value.emitter().misfit(op, List.of(value), "expected numbers: convert them first");
    }
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
      String op, Value value, double start, BinaryOperator<Value> combine, int... dimensions) {
    return reduce(
        op,
        value,
        value.emitter().constant(value.tensorType().scalar(), Literals.of(value.type(), start)),
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
