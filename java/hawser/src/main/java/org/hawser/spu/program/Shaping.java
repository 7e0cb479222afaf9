package org.hawser.spu.program;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hawser.HawserException;
import org.hawser.spu.DataType;

/** Operations that move elements, and the shapes that go together. */
final class Shaping {
  private Shaping() {}

  /** Both operands in one type and shape: a scalar is spread over the other's shape. */
  static List<Value> alike(String op, Value left, Value right) {
    TensorType a = left.tensorType();
    TensorType b = right.tensorType();
    if (a.element() != b.element()) {
      throw misfit(op, "expected one element type: convert one of them", left, right);
    }
    if (!a.hasShapeOf(b) && !a.isScalar() && !b.isScalar()) {
      throw misfit(op, "expected one shape, or a scalar: broadcast one of them", left, right);
    }
    long[] shape = a.isScalar() ? b.shape() : a.shape();
    return List.of(spread(left, shape), spread(right, shape));
  }

  /** A scalar in this shape; other values as they are. */
  static Value spread(Value value, long... shape) {
    return value.tensorType().isScalar() && shape.length > 0 ? broadcastInDim(value, shape) : value;
  }

  static Value reshape(Value value, long... shape) {
    TensorType type = value.tensorType().withShape(shape);
    if (type.elements() != value.elements()) {
      throw misfit(
          "reshape to " + Arrays.toString(shape),
          "expected %d elements, not %d".formatted(value.elements(), type.elements()),
          value);
    }
    return value.emitter().emit("reshape", List.of(value), "", type);
  }

  static Value transpose(Value value, int... permutation) {
    String op = "transpose by " + Arrays.toString(permutation);
    int[] sorted = IntStream.of(permutation).sorted().toArray();
    if (!Arrays.equals(sorted, IntStream.range(0, value.rank()).toArray())) {
      throw misfit(op, "expected each of %d dimensions once".formatted(value.rank()), value);
    }
    long[] shape = IntStream.of(permutation).mapToLong(value::extent).toArray();
    return move("transpose", value, ", dims = " + Arrays.toString(permutation), shape);
  }

  static Value broadcastTo(Value value, long... shape) {
    int added = shape.length - value.rank();
    int[] last = IntStream.range(added, shape.length).toArray();
    if (added < 0) {
      throw misfit(
          "broadcastTo " + Arrays.toString(shape),
          "expected at least %d dimensions".formatted(value.rank()),
          value);
    }
    return broadcastInDim(value, shape, last);
  }

  static Value broadcastInDim(Value value, long[] shape, int... dimensions) {
    String op =
        "broadcast to %s in %s".formatted(Arrays.toString(shape), Arrays.toString(dimensions));
    if (dimensions.length != value.rank()) {
      throw misfit(op, "expected one dimension of the result for each of the operand's", value);
    }
    requireDistinct(op, value, shape.length, dimensions);
    for (int i = 0; i < dimensions.length; i++) {
      if (value.extent(i) != 1 && value.extent(i) != shape[dimensions[i]]) {
        throw misfit(
            op,
            "expected extent 1 or %d in dimension %d".formatted(shape[dimensions[i]], i),
            value);
      }
    }
    return move("broadcast_in_dim", value, ", dims = " + Arrays.toString(dimensions), shape);
  }

  static Value concatenate(int dimension, List<Value> values) {
    Value first = values.getFirst();
    String op = "concatenate along %d".formatted(dimension);
    requireDistinct(op, first, first.rank(), dimension);
    long extent = 0;
    for (Value value : values) {
      if (value.rank() != first.rank()
          || !value.tensorType().without(dimension).equals(first.tensorType().without(dimension))) {
        throw first
            .emitter()
            .misfit(op, values, "expected one type, and one shape but for that dimension");
      }
      extent += value.extent(dimension);
    }
    long[] shape = first.shape();
    shape[dimension] = extent;
    return first
        .emitter()
        .emit("concatenate", values, ", dim = " + dimension, first.tensorType().withShape(shape));
  }

  static Value slice(Value value, long[] starts, long[] limits, long[] strides) {
    String op =
        "slice %s to %s by %s"
            .formatted(Arrays.toString(starts), Arrays.toString(limits), Arrays.toString(strides));
    requireRank(op, value, starts.length, limits.length, strides.length);
    long[] shape = new long[value.rank()];
    for (int i = 0; i < shape.length; i++) {
      if (starts[i] < 0 || starts[i] > limits[i] || limits[i] > value.extent(i) || strides[i] < 1) {
        throw misfit(
            op,
            "expected 0 <= start <= limit <= extent and a stride of 1 or more in dimension " + i,
            value);
      }
      shape[i] = Math.ceilDiv(limits[i] - starts[i], strides[i]);
    }
    String ranges =
        IntStream.range(0, shape.length)
            .mapToObj(i -> starts[i] + ":" + limits[i] + ":" + strides[i])
            .collect(Collectors.joining(", ", " [", "]"));
    return move("slice", value, ranges, shape);
  }

  static Value dynamicSlice(Value value, List<Value> starts, long... sizes) {
    String op = "dynamicSlice of " + Arrays.toString(sizes);
    requireRank(op, value, starts.size(), sizes.length);
    requireStarts(op, value, starts);
    requireWithin(op, value, sizes);
    return value
        .emitter()
        .emit(
            "dynamic_slice",
            Emitter.join(List.of(value), starts),
            ", sizes = " + Arrays.toString(sizes),
            value.tensorType().withShape(sizes));
  }

  static Value dynamicUpdateSlice(Value value, Value update, List<Value> starts) {
    String op = "dynamicUpdateSlice";
    requireRank(op, value, starts.size(), update.rank());
    requireStarts(op, value, starts);
    if (update.type() != value.type()) {
      throw misfit(op, "expected one element type", value, update);
    }
    requireWithin(op, value, update.shape());
    return value
        .emitter()
        .emit(
            "dynamic_update_slice",
            Emitter.join(List.of(value, update), starts),
            "",
            value.tensorType());
  }

  static Value pad(Value value, Value filling, long[] low, long[] high, long[] interior) {
    String op =
        "pad %s, %s, %s"
            .formatted(Arrays.toString(low), Arrays.toString(high), Arrays.toString(interior));
    requireRank(op, value, low.length, high.length, interior.length);
    if (!filling.tensorType().equals(value.tensorType().scalar())) {
      throw misfit(op, "expected a scalar %s to pad with".formatted(value.type()), value, filling);
    }
    long[] shape = new long[value.rank()];
    for (int i = 0; i < shape.length; i++) {
      long inner = Math.max(value.extent(i) - 1, 0) * interior[i];
      shape[i] = low[i] + value.extent(i) + inner + high[i];
      if (interior[i] < 0 || shape[i] < 0) {
        throw misfit(op, "expected nothing negative in dimension " + i, value, filling);
      }
    }
    String attributes =
        ", low = %s, high = %s, interior = %s"
            .formatted(Arrays.toString(low), Arrays.toString(high), Arrays.toString(interior));
    return value
        .emitter()
        .emit("pad", List.of(value, filling), attributes, value.tensorType().withShape(shape));
  }

  static Value reverse(Value value, int... dimensions) {
    requireDistinct("reverse", value, value.rank(), dimensions);
    return move("reverse", value, ", dims = " + Arrays.toString(dimensions), value.shape());
  }

  /** Dimensions within the rank, each once. */
  static void requireDistinct(String op, Value value, int rank, int... dimensions) {
    boolean within = IntStream.of(dimensions).allMatch(d -> d >= 0 && d < rank);
    if (!within || IntStream.of(dimensions).distinct().count() != dimensions.length) {
      throw misfit(
          op,
          "expected different dimensions of 0 to %d, not %s"
              .formatted(rank - 1, Arrays.toString(dimensions)),
          value);
    }
  }

  static void requireOneShape(String op, List<Value> values) {
    Value first = values.getFirst();
    if (!values.stream().allMatch(value -> value.tensorType().hasShapeOf(first.tensorType()))) {
      throw first.emitter().misfit(op, values, "expected one shape");
    }
  }

  private static Value move(String op, Value value, String attributes, long... shape) {
    return value
        .emitter()
        .emit(op, List.of(value), attributes, value.tensorType().withShape(shape));
  }

  private static void requireRank(String op, Value value, int... lengths) {
    if (IntStream.of(lengths).anyMatch(length -> length != value.rank())) {
      throw misfit(
          op, "expected one number for each of %d dimensions".formatted(value.rank()), value);
    }
  }

  private static void requireStarts(String op, Value value, List<Value> starts) {
    boolean alike =
        starts.stream()
            .allMatch(start -> start.tensorType().equals(starts.getFirst().tensorType()));
    boolean integers =
        starts.stream()
            .allMatch(
                start ->
                    start.tensorType().isScalar()
                        && !start.type().isFloating()
                        && start.type() != DataType.I1);
    if (!alike || !integers) {
      throw value
          .emitter()
          .misfit(
              op,
              Emitter.join(List.of(value), starts),
              "expected scalar integers of one type as starts");
    }
  }

  private static void requireWithin(String op, Value value, long... sizes) {
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] < 0 || sizes[i] > value.extent(i)) {
        throw misfit(
            op, "expected 0 to %d elements in dimension %d".formatted(value.extent(i), i), value);
      }
    }
  }

  private static HawserException misfit(String op, String expected, Value... operands) {
    return operands[0].emitter().misfit(op, List.of(operands), expected);
  }
}
