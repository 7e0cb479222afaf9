package org.hawser.mem;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.MemLayouts;

/**
 * Which bytes of a source go where in a destination, for an {@link Unpacker}. May be filled anew as
 * soon as the batch has been started. For one thread at a time.
 */
public final class UnpackBatch {
  /** Fragments that a batch holds at most. */
  public static final int MAX = MemLayouts.UNPACK_MAX;

  private static final long BYTES = MemLayouts.UNPACK_DESCRIPTOR.byteSize();
  private static final long FROM = Layouts.offset(MemLayouts.UNPACK_DESCRIPTOR, "src_off");
  private static final long LENGTH = Layouts.offset(MemLayouts.UNPACK_DESCRIPTOR, "len");
  private static final long TO = Layouts.offset(MemLayouts.UNPACK_DESCRIPTOR, "dst_off");
  private static final long UNSIGNED_INT = 0xffff_ffffL;

  private final MemorySegment descriptors =
      Arena.ofAuto().allocate(MemLayouts.UNPACK_DESCRIPTOR, MAX);
  private int count;

  /** Holds no fragment yet. */
  public UnpackBatch() {}

  /**
   * Adds a fragment.
   *
   * @param from where it begins in the source, below 4 GiB
   * @param length its bytes, below 4 GiB
   * @param to where it begins in the destination
   * @throws HawserException INVALID_ARGUMENT for what is out of these bounds, and when the batch
   *     holds {@link #MAX} already
   */
  public UnpackBatch add(long from, long length, long to) {
    if (count == MAX) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a batch has %d fragments at most: start it, and go on with another".formatted(MAX));
    }
    if ((from & ~UNSIGNED_INT) != 0 || (length & ~UNSIGNED_INT) != 0 || to < 0) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%d bytes from %d to %d are no fragment: offset in the source and length are below 4 GiB"
              .formatted(length, from, to));
    }
    long at = count * BYTES;
    descriptors.set(JAVA_INT, at + FROM, (int) from);
    descriptors.set(JAVA_INT, at + LENGTH, (int) length);
    descriptors.set(JAVA_LONG, at + TO, to);
    count++;
    return this;
  }

  public int count() {
    return count;
  }

  public void clear() {
    count = 0;
  }

  MemorySegment descriptors() {
    return descriptors;
  }
}
