package org.hawser.simp.op;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Copies elements of one shape from one layout to another. Offsets and strides count elements;
 * dimensions that lie together in both layouts are copied as one.
 */
final class StridedCopy {
  private final int bytes;
  private final MemorySegment from;
  private final MemorySegment to;
  private final long[] shape;
  private final long[] fromStrides;
  private final long[] toStrides;
  private int dimensions;

  private StridedCopy(
      int bytes,
      long[] shape,
      MemorySegment from,
      long[] fromStrides,
      MemorySegment to,
      long[] toStrides) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.shape = new long[shape.length + 1];
    this.fromStrides = new long[shape.length + 1];
    this.toStrides = new long[shape.length + 1];
    for (int i = 0; i < shape.length; i++) {
      append(shape[i], fromStrides[i], toStrides[i]);
    }
    if (dimensions == 0) {
      append(1, 1, 1);
    }
  }

  /**
   * @param bytes an element: 1, 2, 4 or 8
   * @param shape at both ends
   */
  static void copy(
      int bytes,
      long[] shape,
      MemorySegment from,
      long fromOffset,
      long[] fromStrides,
      MemorySegment to,
      long toOffset,
      long[] toStrides) {
    for (long extent : shape) {
      if (extent == 0) {
        return;
      }
    }
    new StridedCopy(bytes, shape, from, fromStrides, to, toStrides).run(0, fromOffset, toOffset);
  }

  /** The strides of a tensor in row-major order. */
  static long[] rowMajor(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  private void append(long extent, long fromStride, long toStride) {
    int last = dimensions - 1;
    if (last >= 0
        && fromStrides[last] == extent * fromStride
        && toStrides[last] == extent * toStride) {
      shape[last] *= extent;
      fromStrides[last] = fromStride;
      toStrides[last] = toStride;
    } else if (extent != 1 || dimensions == 0) {
      shape[dimensions] = extent;
      fromStrides[dimensions] = fromStride;
      toStrides[dimensions] = toStride;
      dimensions++;
    }
  }

  private void run(int dimension, long source, long target) {
    if (dimension == dimensions - 1) {
      row(source, target);
      return;
    }
    for (long i = 0; i < shape[dimension]; i++) {
      run(dimension + 1, source + i * fromStrides[dimension], target + i * toStrides[dimension]);
    }
  }

  private void row(long source, long target) {
    long extent = shape[dimensions - 1];
    long sourceStride = fromStrides[dimensions - 1];
    long targetStride = toStrides[dimensions - 1];
    if (extent == 1 || sourceStride == 1 && targetStride == 1) {
      MemorySegment.copy(from, source * bytes, to, target * bytes, extent * bytes);
      return;
    }
    long s = source * bytes;
    long t = target * bytes;
    for (long i = 0; i < extent; i++, s += sourceStride * bytes, t += targetStride * bytes) {
      switch (bytes) {
        case 1 -> to.set(JAVA_BYTE, t, from.get(JAVA_BYTE, s));
        case 2 -> to.set(JAVA_SHORT_UNALIGNED, t, from.get(JAVA_SHORT_UNALIGNED, s));
        case 4 -> to.set(JAVA_INT_UNALIGNED, t, from.get(JAVA_INT_UNALIGNED, s));
        default -> to.set(JAVA_LONG_UNALIGNED, t, from.get(JAVA_LONG_UNALIGNED, s));
      }
    }
  }
}
