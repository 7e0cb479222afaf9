package org.hawser.simp.op;

import static org.hawser.simp.op.Tensors.invalid;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.hawser.simp.Job;
import org.hawser.simp.OpRegistry;
import org.hawser.simp.ir.Operation;
import org.hawser.simp.ir.Type;
import org.hawser.simp.serde.Sequences;
import org.hawser.spu.Tensor;

/**
 * Operations on tensors outside the heap, with numpy's meaning: axes and indices below zero count
 * from the end. Errors name places, never elements.
 */
public final class TensorOps {
  private TensorOps() {}

  /** Lets a worker do them. */
  public static OpRegistry register(OpRegistry registry) {
    return registry
        .register("tensor.constant", TensorOps::constant)
        .register("tensor.transpose", TensorOps::transpose)
        .register("tensor.reshape", TensorOps::reshape)
        .register("tensor.slice", TensorOps::slice)
        .register("tensor.concat", TensorOps::concat)
        .register("tensor.gather", Indexing::gather)
        .register("tensor.scatter", Indexing::scatter)
        .register("tensor.elementwise", Elementwise::run);
  }

  private static Object[] constant(Job job, Operation operation, Object[] inputs) {
    if (operation.outputs().size() != 1
        || !(operation.outputs().getFirst().type() instanceof Type.TensorType type)) {
      throw invalid("it makes one tensor, whose type says its shape");
    }
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(operation.attribute("value_b64", String.class));
    } catch (IllegalArgumentException e) {
      throw invalid("its elements are not in base64");
    }
    long[] shape = longs(type.shape());
    Tensor tensor = Tensor.zeros(Tensors.elements(type), shape);
    if (tensor.data().byteSize() != bytes.length) {
      throw invalid(
          "a tensor %s takes %d bytes, not %d"
              .formatted(tensor, tensor.data().byteSize(), bytes.length));
    }
    tensor.data().copyFrom(MemorySegment.ofArray(bytes));
    return new Object[] {tensor};
  }

  private static Object[] transpose(Job job, Operation operation, Object[] inputs) {
    Tensor tensor = Tensors.input(inputs, 0);
    int rank = tensor.rank();
    int[] order = new int[rank];
    Optional<List<?>> permutation = Sequences.find(operation, "perm");
    if (permutation.isEmpty()) {
      Arrays.setAll(order, i -> rank - 1 - i);
    } else {
      long[] given = longs(permutation.get());
      if (given.length != rank) {
        throw invalid("%d axes cannot be permuted as %s".formatted(rank, Arrays.toString(given)));
      }
      Arrays.setAll(order, i -> axis(given[i], rank));
    }
    if (Arrays.stream(order).distinct().count() != rank) {
      throw invalid("%s names an axis twice".formatted(Arrays.toString(order)));
    }
    long[] from = StridedCopy.rowMajor(tensor.shape());
    long[] shape = new long[rank];
    long[] strides = new long[rank];
    for (int i = 0; i < rank; i++) {
      shape[i] = tensor.shape()[order[i]];
      strides[i] = from[order[i]];
    }
    return copied(tensor, shape, 0, strides);
  }

  private static Object[] reshape(Job job, Operation operation, Object[] inputs) {
    Tensor tensor = Tensors.input(inputs, 0);
    long[] shape = longs(Sequences.of(operation, "new_shape"));
    int unknown = -1;
    long known = 1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] >= 0) {
        known = Math.multiplyExact(known, shape[i]);
      } else if (shape[i] == Type.TensorType.DYNAMIC && unknown < 0) {
        unknown = i;
      } else {
        throw invalid("%s is no shape: one extent at most is -1".formatted(Arrays.toString(shape)));
      }
    }
    if (unknown >= 0 && known > 0 && tensor.elements() % known == 0) {
      shape[unknown] = tensor.elements() / known;
      known = tensor.elements();
    }
    if (known != tensor.elements() || unknown >= 0 && shape[unknown] < 0) {
      throw invalid("%s cannot take the shape %s".formatted(tensor, Arrays.toString(shape)));
    }
    return new Object[] {tensor.reshape(shape)};
  }

  private static Object[] slice(Job job, Operation operation, Object[] inputs) {
    Tensor tensor = Tensors.input(inputs, 0);
    List<?> starts = Sequences.of(operation, "starts");
    List<?> ends = Sequences.of(operation, "ends");
    List<?> steps = Sequences.find(operation, "strides").orElse(List.of());
    if (starts.size() > tensor.rank()
        || ends.size() != starts.size()
        || !steps.isEmpty() && steps.size() != starts.size()) {
      throw invalid(
          "%s cannot be cut by %d starts, %d ends and %d strides"
              .formatted(tensor, starts.size(), ends.size(), steps.size()));
    }
    long[] shape = tensor.shape();
    long[] strides = StridedCopy.rowMajor(shape);
    long offset = 0;
    for (int i = 0; i < starts.size(); i++) {
      long step = steps.isEmpty() ? 1 : bound(steps.get(i), 1);
      if (step <= 0) {
        throw invalid("a stride is above 0, not %d".formatted(step));
      }
      long start = within(bound(starts.get(i), 0), shape[i]);
      long end = within(bound(ends.get(i), shape[i]), shape[i]);
      offset += start * strides[i];
      strides[i] *= step;
      shape[i] = Math.max(0, (end - start + step - 1) / step);
    }
    return copied(tensor, shape, offset, strides);
  }

  private static long bound(Object given, long absent) {
    return switch (given) {
      case null -> absent;
      case Long value -> value;
      default -> throw invalid("starts, ends and strides are whole numbers");
    };
  }

  private static long within(long bound, long extent) {
    return Math.clamp(bound < 0 ? bound + extent : bound, 0, extent);
  }

  private static Object[] concat(Job job, Operation operation, Object[] inputs) {
    Tensor first = Tensors.input(inputs, 0);
    int axis = axis(operation, first.rank());
    long[] shape = first.shape();
    Tensor[] parts = new Tensor[inputs.length];
    shape[axis] = 0;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Tensors.input(inputs, i);
      if (parts[i].type() != first.type() || !alike(parts[i].shape(), shape, axis)) {
        throw invalid("%s and %s cannot be joined along axis %d".formatted(first, parts[i], axis));
      }
      shape[axis] += parts[i].shape()[axis];
    }
    Tensor result = Tensor.zeros(first.type(), shape);
    long[] strides = StridedCopy.rowMajor(shape);
    long offset = 0;
    for (Tensor part : parts) {
      long[] extents = part.shape();
      StridedCopy.copy(
          first.type().bytes(),
          extents,
          part.data(),
          0,
          StridedCopy.rowMajor(extents),
          result.data(),
          offset,
          strides);
      offset += extents[axis] * strides[axis];
    }
    return new Object[] {result};
  }

  private static boolean alike(long[] a, long[] b, int except) {
    if (a.length != b.length) {
      return false;
    }
    for (int i = 0; i < a.length; i++) {
      if (i != except && a[i] != b[i]) {
        return false;
      }
    }
    return true;
  }

  /** The elements of a tensor that lie at an offset, in strides. */
  private static Object[] copied(Tensor tensor, long[] shape, long offset, long[] strides) {
    Tensor result = Tensor.zeros(tensor.type(), shape);
    StridedCopy.copy(
        tensor.type().bytes(),
        shape,
        tensor.data(),
        offset,
        strides,
        result.data(),
        0,
        StridedCopy.rowMajor(shape));
    return new Object[] {result};
  }

  /** The attribute {@code axis}, 0 when there is none. */
  static int axis(Operation operation, int rank) {
    return axis(
        operation.attributes().get("axis") == null ? 0 : operation.attribute("axis", Long.class),
        rank);
  }

  private static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw invalid("there is no axis %d of %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static long[] longs(List<?> values) {
    long[] longs = new long[values.size()];
    for (int i = 0; i < longs.length; i++) {
      if (!(values.get(i) instanceof Long value)) {
        throw invalid("a shape or an order of axes has whole numbers only");
      }
      longs[i] = value;
    }
    return longs;
  }
}
