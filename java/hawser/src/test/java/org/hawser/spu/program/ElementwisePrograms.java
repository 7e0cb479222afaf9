package org.hawser.spu.program;

import static org.hawser.spu.program.ProgramTable.EXACT;
import static org.hawser.spu.program.ProgramTable.FIXED_POINT;
import static org.hawser.spu.program.ProgramTable.floats;
import static org.hawser.spu.program.ProgramTable.ints;
import static org.hawser.spu.program.ProgramTable.program;
import static org.hawser.spu.program.ProgramTable.truths;

import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hawser.spu.DataType;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramTable.Case;

/** The table's programs that compute each element by itself. */
final class ElementwisePrograms {
  private static final double[] X = {-1.75, -1, -0.25, 0, 0.7, 1.5};
  private static final double[] Y = {0.5, 2, -3, 0.5, 0.7, -2};
  private static final double[] POSITIVE = {0.125, 0.5, 0.9, 1, 2.25, 17};
  private static final Tensor I = ints(-7, -2, 0, 1, 5, 8);
  private static final Tensor J = ints(2, 3, 4, -1, 5, -3);
  private static final Tensor P = truths(false, false, true, true);
  private static final Tensor Q = truths(false, true, false, true);

  private ElementwisePrograms() {}

  static List<Case> cases() {
    return Stream.of(functions(), arithmetic(), integers(), choices(), conversions())
        .flatMap(List::stream)
        .toList();
  }

  private static List<Case> functions() {
    return List.of(
        unary("negate", FIXED_POINT, X, Value::negate, x -> -x),
        unary("abs", FIXED_POINT, X, Value::abs, Math::abs),
        unary("sign", EXACT, X, Value::sign, Math::signum),
        unary("floor", EXACT, X, Value::floor, Math::floor),
        unary("ceil", EXACT, X, Value::ceil, Math::ceil),
        unary("exp", 0.01, X, Value::exp, Math::exp),
        unary("expm1", 0.01, X, Value::expm1, Math::expm1),
        unary("log", 0.001, POSITIVE, Value::log, Math::log),
        unary("log1p", 0.001, POSITIVE, Value::log1p, Math::log1p),
        unary("logistic", 0.005, X, Value::logistic, x -> 1 / (1 + Math.exp(-x))),
        unary("tanh", 0.01, X, Value::tanh, Math::tanh),
        unary("sqrt", 0.001, POSITIVE, Value::sqrt, Math::sqrt),
        unary("rsqrt", 0.001, POSITIVE, Value::rsqrt, x -> 1 / Math.sqrt(x)));
  }

  private static List<Case> arithmetic() {
    double[] divisors = {0.6, 0.6, -2, 3, 0.4, -1.1};
    return List.of(
        binary("add", FIXED_POINT, X, Y, Value::add, Double::sum),
        binary("subtract", FIXED_POINT, X, Y, Value::subtract, (x, y) -> x - y),
        binary("multiply", FIXED_POINT, X, Y, Value::multiply, (x, y) -> x * y),
        binary("divide", 0.001, X, Y, Value::divide, (x, y) -> x / y),
        binary("remainder", 0.001, X, divisors, Value::remainder, (x, y) -> x % y),
        binary("power", 0.01, POSITIVE, Y, Value::power, Math::pow),
        binary("max", FIXED_POINT, X, Y, Value::max, Math::max),
        binary("min", FIXED_POINT, X, Y, Value::min, Math::min),
        unary(
            "scalars",
            0.001,
            X,
            x -> x.multiply(3).subtract(0.5).divide(2).add(7).max(4).min(9),
            x -> Math.clamp((3 * x - 0.5) / 2 + 7, 4, 9)),
        unary("clamp", FIXED_POINT, X, x -> x.clamp(-0.5, 1), x -> Math.clamp(x, -0.5, 1)));
  }

  private static List<Case> integers() {
    return List.of(
        program(
            "integers",
            EXACT,
            List.of(I, J),
            (_, in) -> {
              Value i = in.get(0);
              Value j = in.get(1);
              return List.of(
                  i.add(j),
                  i.subtract(j),
                  i.multiply(j),
                  i.divide(j),
                  i.remainder(j),
                  i.max(j),
                  i.min(j),
                  i.negate(),
                  i.abs(),
                  i.sign());
            },
            ints(-5, 1, 4, 0, 10, 5),
            ints(-9, -5, -4, 2, 0, 11),
            ints(-14, -6, 0, -1, 25, -24),
            ints(-3, 0, 0, -1, 1, -2),
            ints(-1, -2, 0, 0, 0, 2),
            ints(2, 3, 4, 1, 5, 8),
            ints(-7, -2, 0, -1, 5, -3),
            ints(7, 2, 0, -1, -5, -8),
            ints(7, 2, 0, 1, 5, 8),
            ints(-1, -1, 0, 1, 1, 1)),
        program(
            "bits",
            EXACT,
            List.of(I, J),
            (_, in) -> {
              Value i = in.get(0);
              Value j = in.get(1);
              return List.of(i.and(j), i.or(j), i.xor(j), i.not());
            },
            ints(-7 & 2, -2 & 3, 0, 1 & -1, 5, 8 & -3),
            ints(-7 | 2, -2 | 3, 4, -1, 5, 8 | -3),
            ints(-7 ^ 2, -2 ^ 3, 4, 1 ^ -1, 0, 8 ^ -3),
            ints(6, 1, -1, -2, -6, -9)),
        program(
            "widths",
            EXACT,
            Stream.of(
                    DataType.I8,
                    DataType.U8,
                    DataType.I16,
                    DataType.U16,
                    DataType.U32,
                    DataType.I64,
                    DataType.U64)
                .map(type -> Tensor.of(type, new long[] {100, -5, 11}, 3))
                .toList(),
            (_, in) -> in.stream().map(value -> value.multiply(3).add(value)).toList(),
            Stream.of(
                    DataType.I8,
                    DataType.U8,
                    DataType.I16,
                    DataType.U16,
                    DataType.U32,
                    DataType.I64,
                    DataType.U64)
                .map(type -> Tensor.of(type, new long[] {400, -20, 44}, 3))
                .toArray(Tensor[]::new)),
        program(
            "logic",
            EXACT,
            List.of(P, Q),
            (_, in) -> {
              Value p = in.get(0);
              Value q = in.get(1);
              return List.of(p.and(q), p.or(q), p.xor(q), p.not(), p.eq(q));
            },
            truths(false, false, false, true),
            truths(false, true, true, true),
            truths(false, true, true, false),
            truths(true, true, false, false),
            truths(true, false, false, true)));
  }

  private static List<Case> choices() {
    return List.of(
        program(
            "compare",
            EXACT,
            List.of(floats(X), floats(-2, -1, 0, 0, 0.5, 3)),
            (_, in) -> comparisons(in.get(0), in.get(1)),
            truths(false, true, false, true, false, false),
            truths(true, false, true, false, true, true),
            truths(false, false, true, false, false, true),
            truths(false, true, true, true, false, true),
            truths(true, false, false, false, true, false),
            truths(true, true, false, true, true, false)),
        program(
            "compare_integers",
            EXACT,
            List.of(I, J),
            (_, in) -> comparisons(in.get(0), in.get(1)),
            truths(false, false, false, false, true, false),
            truths(true, true, true, true, false, true),
            truths(true, true, true, false, false, false),
            truths(true, true, true, false, true, false),
            truths(false, false, false, true, false, true),
            truths(false, false, false, true, true, true)),
        program(
            "compare_unsigned",
            EXACT,
            List.of(
                Tensor.of(DataType.U32, new long[] {1, 4_000_000_000L, 7}, 3),
                Tensor.of(DataType.U32, new long[] {3_000_000_000L, 5, 7}, 3)),
            (_, in) -> List.of(in.get(0).lt(in.get(1)), in.get(0).ge(7)),
            truths(true, false, false),
            truths(false, true, true)),
        program(
            "select",
            FIXED_POINT,
            List.of(P, floats(1, 2, 3, 4), floats(-1, -2, -3, -4), Tensor.of(new boolean[] {true})),
            (_, in) ->
                List.of(
                    in.get(0).select(in.get(1), in.get(2)), in.get(3).select(in.get(1), in.get(2))),
            floats(-1, -2, 3, 4),
            floats(1, 2, 3, 4)));
  }

  private static List<Value> comparisons(Value a, Value b) {
    return List.of(a.eq(b), a.ne(b), a.lt(b), a.le(b), a.gt(b), a.ge(b));
  }

  private static List<Case> conversions() {
    return List.of(
        program(
            "convert",
            FIXED_POINT,
            List.of(floats(1.75, 2.25, 0, -1.75), ints(1, 300, -200, 0), P),
            (_, in) ->
                List.of(
                    in.get(0).convert(DataType.I32),
                    in.get(0).convert(DataType.F64),
                    in.get(0).convert(DataType.I1),
                    in.get(1).convert(DataType.F32),
                    in.get(1).convert(DataType.I8),
                    in.get(2).convert(DataType.F32)),
            ints(1, 2, 0, -1),
            Tensor.of(new double[] {1.75, 2.25, 0, -1.75}, 4),
            truths(true, true, false, true),
            floats(1, 300, -200, 0),
            Tensor.of(new byte[] {1, 44, 56, 0}, 4),
            floats(0, 0, 1, 1)),
        program(
            "halves_and_doubles",
            0.001,
            List.of(
                Tensor.of(DataType.F16, new double[] {1.5, -2, 0.25}, 3),
                Tensor.of(DataType.F64, new double[] {1.5, -2, 0.25}, 3)),
            (_, in) -> in.stream().map(value -> value.multiply(value).add(0.5)).toList(),
            Tensor.of(DataType.F16, new double[] {2.75, 4.5, 0.5625}, 3),
            Tensor.of(DataType.F64, new double[] {2.75, 4.5, 0.5625}, 3)));
  }

  private static Case unary(
      String name,
      double tolerance,
      double[] xs,
      UnaryOperator<Value> operation,
      DoubleUnaryOperator plain) {
    return program(
        name,
        tolerance,
        List.of(floats(xs)),
        (_, in) -> List.of(operation.apply(in.get(0))),
        floats(Arrays.stream(xs).map(plain).toArray()));
  }

  private static Case binary(
      String name,
      double tolerance,
      double[] xs,
      double[] ys,
      BinaryOperator<Value> operation,
      DoubleBinaryOperator plain) {
    return program(
        name,
        tolerance,
        List.of(floats(xs), floats(ys)),
        (_, in) -> List.of(operation.apply(in.get(0), in.get(1))),
        floats(
            IntStream.range(0, xs.length)
                .mapToDouble(i -> plain.applyAsDouble(xs[i], ys[i]))
                .toArray()));
  }
}
