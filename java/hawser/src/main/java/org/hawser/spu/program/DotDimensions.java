package org.hawser.spu.program;

import java.util.List;

/**
 * Which dimensions {@link Value#dot(Value, DotDimensions)} pairs, left with right.
 *
 * @param leftContract those that are multiplied and summed
 * @param leftBatch those that both keep: the result has them first
 */
public record DotDimensions(
    List<Integer> leftContract,
    List<Integer> rightContract,
    List<Integer> leftBatch,
    List<Integer> rightBatch) {
  public DotDimensions {
    leftContract = List.copyOf(leftContract);
    rightContract = List.copyOf(rightContract);
    leftBatch = List.copyOf(leftBatch);
    rightBatch = List.copyOf(rightBatch);
  }

  /** Multiplies and sums over these dimensions; none gives the outer product. */
  public static DotDimensions contract(List<Integer> left, List<Integer> right) {
    return new DotDimensions(left, right, List.of(), List.of());
  }

  /** For each place along these dimensions by itself. */
  public DotDimensions batch(List<Integer> left, List<Integer> right) {
    return new DotDimensions(leftContract, rightContract, left, right);
  }

  String mlir() {
    String contracting = ", contracting_dims = %s x %s".formatted(leftContract, rightContract);
    return leftBatch.isEmpty()
        ? contracting
        : ", batching_dims = %s x %s%s".formatted(leftBatch, rightBatch, contracting);
  }
}
