package org.hawser.simp.op;

import static org.hawser.simp.op.Tensors.invalid;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.hawser.simp.Job;
import org.hawser.simp.ir.Operation;
import org.hawser.spu.Tensor;

/** Elements of tensors that other tensors tell by their places along one axis. */
final class Indexing {
  private final long[] shape;
  private final int axis;
  private final long[] places;
  // The indices along the axis take the place of its extent.
  private final long[] indexedShape;
  private final long outer;
  private final long blockBytes;

  private Indexing(Operation operation, Tensor tensor, Tensor indices) {
    shape = tensor.shape();
    axis = TensorOps.axis(operation, tensor.rank());
    places = places(indices, shape[axis]);
    long[] indexShape = indices.shape();
    indexedShape = new long[shape.length - 1 + indexShape.length];
    System.arraycopy(shape, 0, indexedShape, 0, axis);
    System.arraycopy(indexShape, 0, indexedShape, axis, indexShape.length);
    int rest = shape.length - axis - 1;
    System.arraycopy(shape, axis + 1, indexedShape, axis + indexShape.length, rest);
    outer = product(0, axis);
    blockBytes = product(axis + 1, shape.length) * tensor.type().bytes();
  }

  /** What lies at the given places of an axis, in the shape of the indices. */
  static Object[] gather(Job job, Operation operation, Object[] inputs) {
    Tensor tensor = Tensors.input(inputs, 0);
    var indexing = new Indexing(operation, tensor, Tensors.input(inputs, 1));
    Tensor result = Tensor.zeros(tensor.type(), indexing.indexedShape);
    indexing.copy(tensor.data(), result.data(), true);
    return new Object[] {result};
  }

  /** A copy with updates at the given places of an axis; of several for one place the last. */
  static Object[] scatter(Job job, Operation operation, Object[] inputs) {
    Tensor tensor = Tensors.input(inputs, 0);
    Tensor updates = Tensors.input(inputs, 2);
    var indexing = new Indexing(operation, tensor, Tensors.input(inputs, 1));
    if (updates.type() != tensor.type() || !Arrays.equals(updates.shape(), indexing.indexedShape)) {
      throw invalid(
          "updates of %s must be %s%s, not %s"
              .formatted(tensor, tensor.type(), Arrays.toString(indexing.indexedShape), updates));
    }
    Tensor result = Tensor.zeros(tensor.type(), indexing.shape);
    result.data().copyFrom(tensor.data());
    indexing.copy(result.data(), updates.data(), false);
    return new Object[] {result};
  }

  /** Between the whole tensor and its indexed elements, in one direction. */
  private void copy(MemorySegment whole, MemorySegment indexed, boolean gather) {
    if (blockBytes == 0) {
      return;
    }
    long there = 0;
    for (long i = 0; i < outer; i++) {
      long row = i * shape[axis];
      for (long place : places) {
        long here = (row + place) * blockBytes;
        if (gather) {
          MemorySegment.copy(whole, here, indexed, there, blockBytes);
        } else {
          MemorySegment.copy(indexed, there, whole, here, blockBytes);
        }
        there += blockBytes;
      }
    }
  }

  private long product(int from, int to) {
    long product = 1;
    for (int i = from; i < to; i++) {
      product *= shape[i];
    }
    return product;
  }

  private static long[] places(Tensor indices, long extent) {
    long[] places = indices.toLongs();
    for (int i = 0; i < places.length; i++) {
      if (places[i] < -extent || places[i] >= extent) {
        throw invalid("index number %d is out of the range of %d elements".formatted(i, extent));
      }
      places[i] += places[i] < 0 ? extent : 0;
    }
    return places;
  }
}
