package org.hawser.spu.program;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.hawser.spu.DataType;

/** Products of matrices, and what generalises them. */
final class Contraction {
  private Contraction() {}

  /** As of matrices: the last dimension of one with the first of the other. */
  static Value dot(Value left, Value right) {
    if (left.rank() == 0 || right.rank() == 0) {
      throw left.emitter()
          .misfit("dot", List.of(left, right), "expected vectors or matrices: multiply scalars");
    }
    return dot(left, right, DotDimensions.contract(List.of(left.rank() - 1), List.of(0)));
  }

  static Value dot(Value left, Value right, DotDimensions dimensions) {
    var operands = List.of(left, right);
    if (left.type() != right.type() || left.type() == DataType.I1) {
      throw left.emitter()
          .misfit("dot", operands, "expected numbers of one type: convert one of them");
    }
    requirePairs(operands, dimensions.leftBatch(), dimensions.rightBatch(), "batch");
    requirePairs(operands, dimensions.leftContract(), dimensions.rightContract(), "contract");
    List<Integer> goneLeft = Emitter.join(dimensions.leftBatch(), dimensions.leftContract());
    List<Integer> goneRight = Emitter.join(dimensions.rightBatch(), dimensions.rightContract());
    Shaping.requireDistinct("dot", left, left.rank(), ints(goneLeft));
    Shaping.requireDistinct("dot", right, right.rank(), ints(goneRight));
    var shape = new ArrayList<Long>();
    dimensions.leftBatch().forEach(d -> shape.add(left.extent(d)));
    kept(left, goneLeft).forEach(d -> shape.add(left.extent(d)));
    kept(right, goneRight).forEach(d -> shape.add(right.extent(d)));
    TensorType type =
        left.tensorType().withShape(shape.stream().mapToLong(Long::longValue).toArray());
    return left.emitter().emit("dot_general", operands, dimensions.mlir(), type);
  }

  private static void requirePairs(
      List<Value> operands, List<Integer> left, List<Integer> right, String what) {
    Value a = operands.get(0);
    Value b = operands.get(1);
    boolean fit =
        left.size() == right.size()
            && IntStream.range(0, left.size())
                .allMatch(i -> extent(a, left.get(i)) == extent(b, right.get(i)));
    if (!fit) {
      throw a.emitter()
          .misfit(
              "dot",
              operands,
              "expected equal extents to %s: dimensions %s with %s".formatted(what, left, right));
    }
  }

  /** -1 where there is no such dimension: that is another check's error. */
  private static long extent(Value value, int dimension) {
    return dimension >= 0 && dimension < value.rank() ? value.extent(dimension) : -1;
  }

  private static IntStream kept(Value value, List<Integer> gone) {
    return IntStream.range(0, value.rank()).filter(d -> !gone.contains(d));
  }

  private static int[] ints(List<Integer> numbers) {
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }
}
