package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuObject;

/**
 * One party's part of a tensor, kept by libspu. Of a secret one it says nothing about the elements;
 * all parties' shares together are the tensor. Any thread may use it.
 */
public final class Share implements AutoCloseable {
  private final SpuObject object;
  private final byte[] description;
  private final ShareMeta meta;

  /** Owns the object. */
  Share(SpuObject object) {
    this.object = object;
    description = NativeSpu.shareMeta(object);
    meta = ShareMeta.read(description);
  }

  /**
   * A share that {@link #serialize} wrote, in this process or another.
   *
   * @param bytes copied: free again afterwards
   * @throws HawserException (INVALID_ARGUMENT) when they are not exactly one share
   */
  public static Share deserialize(MemorySegment bytes) {
    var parts = ShareForm.read(bytes);
    ShareMeta.read(parts.description());
    ShareChunks.check(parts.chunks());
    return new Share(NativeSpu.shareOf(parts.description(), parts.chunks()));
  }

  /** Its bytes, which say what they are, in the arena's memory. */
  public MemorySegment serialize(Arena arena) {
    var lengths = new long[NativeSpu.shareChunkCount(object)];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = NativeSpu.shareChunkBytes(object, i);
    }
    MemorySegment bytes = arena.allocate(ShareForm.bytes(description, lengths), Long.BYTES);
    List<MemorySegment> chunks = ShareForm.begin(bytes, description, lengths);
    for (int i = 0; i < lengths.length; i++) {
      NativeSpu.copyShareChunk(object, i, chunks.get(i));
    }
    return bytes;
  }

  /** The tensor's element type. */
  public DataType type() {
    return meta.type();
  }

  /** The tensor's shape; a copy. */
  public long[] shape() {
    return meta.shape().clone();
  }

  public Visibility visibility() {
    return meta.visibility();
  }

  /** Libspu's name of how it is kept, such as {@code aby3.AShr<FM64>}. */
  public String storage() {
    return meta.storage();
  }

  /** What it is of, and nothing of what it holds. */
  @Override
  public String toString() {
    return "%s %s%s as %s".formatted(visibility(), type(), Arrays.toString(shape()), storage());
  }

  /**
   * @throws HawserException (INVALID_ARGUMENT) when it is another protocol's or field's
   */
  void requireFor(RuntimeConfig config) {
    if (!meta.fits(config)) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "%s is not of %s".formatted(this, config));
    }
  }

  SpuObject object() {
    return object;
  }

  /** Never blocks; a runtime that has it as a variable keeps it. */
  @Override
  public void close() {
    object.close();
  }
}
