package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;
import org.hawser.ffi.SpuObject;

/**
 * One party's part of a tensor, kept by libspu. Of a secret one it says nothing about the elements;
 * all parties' shares together are the tensor. Any thread may use it. Who is sure that nobody needs
 * it any more closes it; otherwise it is freed when it is unreachable.
 */
public final class Share implements AutoCloseable {
  private final SpuObject object;
  private final byte[] description;
  private final ShareMeta facts;

  /** Owns the object. */
  Share(SpuObject object) {
    this.object = object;
    description = NativeSpu.shareMeta(object);
    facts = ShareMeta.read(description);
    object.closeAfter(this);
  }

  /**
   * A share that {@link #serialize} wrote, in this process or another.
   *
   * @param bytes copied: free again afterwards
   * @throws HawserException (INVALID_ARGUMENT) when they are not exactly one share
   */
  public static Share deserialize(MemorySegment bytes) {
    var parts = ShareForm.read(bytes);
    return of(parts.description(), parts.chunks());
  }

  /**
   * A share of its parts, as {@link #meta} and {@link #copyChunk} told them: for those who write
   * shares in a form of their own.
   *
   * @param meta libspu's {@code ValueMetaProto}
   * @param chunks libspu's {@code ValueChunkProto}s in order; copied: free again afterwards
   * @throws HawserException (INVALID_ARGUMENT) when they do not make up one share
   */
  public static Share of(byte[] meta, List<MemorySegment> chunks) {
    ShareMeta.read(meta);
    ShareChunks.check(chunks);
    return new Share(NativeSpu.shareOf(meta, chunks));
  }

  /** Libspu's description of it, a {@code ValueMetaProto}; a copy. */
  public byte[] meta() {
    return description.clone();
  }

  /** The number of pieces that hold it. */
  public int chunks() {
    try {
      return NativeSpu.shareChunkCount(object);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** The length of a piece as {@link #copyChunk} writes it. */
  public long chunkBytes(int chunk) {
    try {
      return NativeSpu.shareChunkBytes(object, Objects.checkIndex(chunk, chunks()));
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Copies a piece, a {@code ValueChunkProto}, to the start of memory that has room for it. */
  public void copyChunk(int chunk, MemorySegment destination) {
    try {
      NativeSpu.copyShareChunk(object, Objects.checkIndex(chunk, chunks()), destination);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Its bytes, which say what they are, in the arena's memory. */
  public MemorySegment serialize(Arena arena) {
    var lengths = new long[chunks()];
    Arrays.setAll(lengths, this::chunkBytes);
    MemorySegment bytes = arena.allocate(ShareForm.bytes(description, lengths), Long.BYTES);
    List<MemorySegment> chunks = ShareForm.begin(bytes, description, lengths);
    for (int i = 0; i < lengths.length; i++) {
      copyChunk(i, chunks.get(i));
    }
    return bytes;
  }

  /** The tensor's element type. */
  public DataType type() {
    return facts.type();
  }

  /** The tensor's shape; a copy. */
  public long[] shape() {
    return facts.shape().clone();
  }

  public Visibility visibility() {
    return facts.visibility();
  }

  /** Libspu's name of how it is kept, such as {@code aby3.AShr<FM64>}. */
  public String storage() {
    return facts.storage();
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
    if (!facts.fits(config)) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "%s is not of %s".formatted(this, config));
    }
  }

  /** Whoever uses it keeps this share reachable meanwhile. */
  SpuObject object() {
    return object;
  }

  /** Never blocks; a runtime that has it as a variable keeps it. */
  @Override
  public void close() {
    object.close();
  }
}
