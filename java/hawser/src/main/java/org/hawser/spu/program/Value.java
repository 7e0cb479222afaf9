package org.hawser.spu.program;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.hawser.spu.DataType;
import org.hawser.spu.program.Elementwise.Binary;
import org.hawser.spu.program.Elementwise.Comparison;
import org.hawser.spu.program.Elementwise.Unary;

/**
 * A tensor within a program that is being written: an input, a constant, or an operation's result.
 * Operations on it write themselves into its program, and give new values.
 *
 * <p>Operands have one element type, and one shape; scalars go with any shape, and Java numbers
 * become constants of the value's type. Nothing else is converted or broadcast silently. Operations
 * that take dimensions count them from 0, the outermost.
 */
public final class Value {
  private final Emitter emitter;
  private final Region region;
  private final String name;
  private final TensorType type;

  Value(Emitter emitter, Region region, String name, TensorType type) {
    this.emitter = emitter;
    this.region = region;
    this.name = name;
    this.type = type;
  }

  Emitter emitter() {
    return emitter;
  }

  Region region() {
    return region;
  }

  /** In the program's text. */
  String name() {
    return name;
  }

  public DataType type() {
    return type.element();
  }

  /** The extent of each dimension; a copy. */
  public long[] shape() {
    return type.shape();
  }

  public TensorType tensorType() {
    return type;
  }

  /** The number of dimensions. */
  public int rank() {
    return type.rank();
  }

  /** The extent of one dimension. */
  public long extent(int dimension) {
    return type.extent(dimension);
  }

  public long elements() {
    return type.elements();
  }

  public Value negate() {
    return Unary.NEGATE.of(this);
  }

  public Value abs() {
    return Unary.ABS.of(this);
  }

  /** -1, 0 or 1. */
  public Value sign() {
    return Unary.SIGN.of(this);
  }

  public Value floor() {
    return Unary.FLOOR.of(this);
  }

  public Value ceil() {
    return Unary.CEIL.of(this);
  }

  /**
   * libspu approximates it, by default as {@code (1 + x/256)^256}: about x * x / 512 too small,
   * relatively.
   */
  public Value exp() {
    return Unary.EXP.of(this);
  }

  /** {@code exp(x) - 1}; no more exact near 0 than that, in fixed point. */
  public Value expm1() {
    return Unary.EXPM1.of(this);
  }

  /** The natural logarithm, of positive numbers; of others without meaning. */
  public Value log() {
    return Unary.LOG.of(this);
  }

  /** {@code log(1 + x)}; no more exact near 0 than that, in fixed point. */
  public Value log1p() {
    return Unary.LOG1P.of(this);
  }

  /** {@code 1 / (1 + exp(-x))}, approximated as {@code RuntimeConfig}'s sigmoid mode says. */
  public Value logistic() {
    return Unary.LOGISTIC.of(this);
  }

  /** Approximated: up to 0.003 above 1 for large numbers. */
  public Value tanh() {
    return Unary.TANH.of(this);
  }

  /** Of numbers that are not negative; of others without meaning. */
  public Value sqrt() {
    return Unary.SQRT.of(this);
  }

  /** {@code 1 / sqrt(x)}, of positive numbers; of others without meaning. */
  public Value rsqrt() {
    return Unary.RSQRT.of(this);
  }

  /** Of truth values, or of each bit of integers. */
  public Value not() {
    return Unary.NOT.of(this);
  }

  public Value add(Value other) {
    return Binary.ADD.of(this, other);
  }

  public Value add(double other) {
    return Binary.ADD.of(this, other);
  }

  public Value subtract(Value other) {
    return Binary.SUBTRACT.of(this, other);
  }

  public Value subtract(double other) {
    return Binary.SUBTRACT.of(this, other);
  }

  public Value multiply(Value other) {
    return Binary.MULTIPLY.of(this, other);
  }

  public Value multiply(double other) {
    return Binary.MULTIPLY.of(this, other);
  }

  /**
   * Integers are cut off towards zero. SPU multiplies with a reciprocal in fixed point: quotients
   * of integers are exact below 2^16 only, a bit off above that and without meaning above 2^30; and
   * a large constant's reciprocal is coarse.
   */
  public Value divide(Value other) {
    return Binary.DIVIDE.of(this, other);
  }

  public Value divide(double other) {
    return Binary.DIVIDE.of(this, other);
  }

  /** With the sign of this, as Java's {@code %}. */
  public Value remainder(Value other) {
    return Binary.REMAINDER.of(this, other);
  }

  public Value remainder(double other) {
    return Binary.REMAINDER.of(this, other);
  }

  /** Negative bases take whole exponents only. */
  public Value power(Value other) {
    return Binary.POWER.of(this, other);
  }

  public Value power(double other) {
    return Binary.POWER.of(this, other);
  }

  /** The larger at each place; see {@link #maximum} for that of a dimension. */
  public Value max(Value other) {
    return Binary.MAX.of(this, other);
  }

  public Value max(double other) {
    return Binary.MAX.of(this, other);
  }

  /** The smaller at each place; see {@link #minimum} for that of a dimension. */
  public Value min(Value other) {
    return Binary.MIN.of(this, other);
  }

  public Value min(double other) {
    return Binary.MIN.of(this, other);
  }

  public Value and(Value other) {
    return Binary.AND.of(this, other);
  }

  public Value or(Value other) {
    return Binary.OR.of(this, other);
  }

  public Value xor(Value other) {
    return Binary.XOR.of(this, other);
  }

  public Value eq(Value other) {
    return Comparison.EQ.of(this, other);
  }

  public Value eq(double other) {
    return Comparison.EQ.of(this, other);
  }

  public Value ne(Value other) {
    return Comparison.NE.of(this, other);
  }

  public Value ne(double other) {
    return Comparison.NE.of(this, other);
  }

  public Value lt(Value other) {
    return Comparison.LT.of(this, other);
  }

  public Value lt(double other) {
    return Comparison.LT.of(this, other);
  }

  public Value le(Value other) {
    return Comparison.LE.of(this, other);
  }

  public Value le(double other) {
    return Comparison.LE.of(this, other);
  }

  public Value gt(Value other) {
    return Comparison.GT.of(this, other);
  }

  public Value gt(double other) {
    return Comparison.GT.of(this, other);
  }

  public Value ge(Value other) {
    return Comparison.GE.of(this, other);
  }

  public Value ge(double other) {
    return Comparison.GE.of(this, other);
  }

  /** At each place the one or the other, by this truth value, which may be a scalar. */
  public Value select(Value ifTrue, Value ifFalse) {
    return Elementwise.select(this, ifTrue, ifFalse);
  }

  /** Not below {@code low} and not above {@code high}. */
  public Value clamp(Value low, Value high) {
    return max(low).min(high);
  }

  public Value clamp(double low, double high) {
    return max(low).min(high);
  }

  /** As another type: towards integers cut off towards zero, to I1 whether it is not 0. */
  public Value convert(DataType other) {
    return Elementwise.convert(this, other);
  }

  /** As of matrices and vectors: sums over this one's last dimension and the other's first. */
  public Value dot(Value other) {
    return Contraction.dot(this, other);
  }

  /** Sums over any dimensions: the result has the batch's, then this one's, then the other's. */
  public Value dot(Value other, DotDimensions dimensions) {
    return Contraction.dot(this, other, dimensions);
  }

  /** The same elements in row-major order. */
  public Value reshape(long... shape) {
    return Shaping.reshape(this, shape);
  }

  /** With the dimensions in reverse order. */
  public Value transpose() {
    return transpose(IntStream.range(0, rank()).map(i -> rank() - 1 - i).toArray());
  }

  /** Dimension i of the result is this one's {@code permutation[i]}. */
  public Value transpose(int... permutation) {
    return Shaping.transpose(this, permutation);
  }

  /** Repeats it along new outer dimensions, and along those whose extent is 1. */
  public Value broadcastTo(long... shape) {
    return Shaping.broadcastTo(this, shape);
  }

  /** Repeats it in a larger shape, whose dimension {@code dimensions[i]} is this one's i. */
  public Value broadcastInDim(long[] shape, int... dimensions) {
    return Shaping.broadcastInDim(this, shape, dimensions);
  }

  /** What lies from {@code starts} to before {@code limits}. */
  public Value slice(long[] starts, long[] limits) {
    return slice(starts, limits, LongStream.generate(() -> 1).limit(starts.length).toArray());
  }

  /** Every {@code strides}-th of what lies from {@code starts} to before {@code limits}. */
  public Value slice(long[] starts, long[] limits, long[] strides) {
    return Shaping.slice(this, starts, limits, strides);
  }

  /** So many elements from computed starts on, scalar integers, moved back inside if need be. */
  public Value dynamicSlice(List<Value> starts, long... sizes) {
    return Shaping.dynamicSlice(this, starts, sizes);
  }

  /** Overwrites what {@link #dynamicSlice} would read. */
  public Value dynamicUpdateSlice(Value update, List<Value> starts) {
    return Shaping.dynamicUpdateSlice(this, update, starts);
  }

  /** With a scalar before, after and between its elements; negative edges are cut off. */
  public Value pad(Value filling, long[] low, long[] high, long[] interior) {
    return Shaping.pad(this, filling, low, high, interior);
  }

  /** Backwards along these dimensions. */
  public Value reverse(int... dimensions) {
    return Shaping.reverse(this, dimensions);
  }

  /** Over these dimensions, which vanish; over all of them when none is given. */
  public Value sum(int... dimensions) {
    return Reduction.numbers("sum", this, 0, Value::add, dimensions);
  }

  /** As {@link #sum}. */
  public Value product(int... dimensions) {
    return Reduction.numbers("product", this, 1, Value::multiply, dimensions);
  }

  /** As {@link #sum}, divided by the number of summands. */
  public Value mean(int... dimensions) {
    return Reduction.mean(this, dimensions);
  }

  /** The largest, as {@link #sum}. */
  public Value maximum(int... dimensions) {
    return Reduction.extremes("maximum", this, Value::max, dimensions);
  }

  /** The smallest, as {@link #sum}. */
  public Value minimum(int... dimensions) {
    return Reduction.extremes("minimum", this, Value::min, dimensions);
  }

  /** Whether one of them is true, as {@link #sum}. */
  public Value any(int... dimensions) {
    return Reduction.truths("any", this, 0, Value::or, dimensions);
  }

  /** Whether each of them is true, as {@link #sum}. */
  public Value all(int... dimensions) {
    return Reduction.truths("all", this, 1, Value::and, dimensions);
  }

  /** As {@link ProgramBuilder#reduce}, of this alone. */
  public Value reduce(Value initial, BinaryOperator<Value> combine, int... dimensions) {
    return Reduction.reduce("reduce", this, initial, combine, dimensions);
  }

  /** Ascending along a dimension. */
  public Value sort(int dimension) {
    return Control.sort(
            List.of(this), dimension, (left, right) -> left.getFirst().lt(right.getFirst()))
        .getFirst();
  }

  /** Type and shape. */
  @Override
  public String toString() {
    return type.toString();
  }
}
