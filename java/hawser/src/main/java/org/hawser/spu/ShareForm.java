package org.hawser.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * How a share is written, all numbers little-endian:
 *
 * <pre>
 *   u32 magic "HWSH"   u32 version   u32 bytes of the description   u32 number of chunks
 *   u64 bytes of each chunk
 *   the description: libspu's ValueMeta
 *   each chunk: libspu's ValueChunk
 * </pre>
 */
final class ShareForm {
  private static final int MAGIC = 0x48535748; // "HWSH"
  private static final int VERSION = 1;
  private static final int HEAD_BYTES = 16;

  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private ShareForm() {}

  /**
   * What was read.
   *
   * @param chunks slices of the bytes read
   */
  record Parts(byte[] description, List<MemorySegment> chunks) {}

  static long bytes(byte[] description, long[] chunkLengths) {
    long bytes = HEAD_BYTES + (long) Long.BYTES * chunkLengths.length + description.length;
    for (long length : chunkLengths) {
      bytes += length;
    }
    return bytes;
  }

  /** Writes all but the chunks, and returns their places for the caller to fill. */
  static List<MemorySegment> begin(MemorySegment out, byte[] description, long[] chunkLengths) {
    out.set(U32, 0, MAGIC);
    out.set(U32, 4, VERSION);
    out.set(U32, 8, description.length);
    out.set(U32, 12, chunkLengths.length);
    long at = HEAD_BYTES;
    for (long length : chunkLengths) {
      out.set(U64, at, length);
      at += Long.BYTES;
    }
    MemorySegment.copy(description, 0, out, JAVA_BYTE, at, description.length);
    return slices(out, at + description.length, chunkLengths);
  }

  /**
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when it is not exactly one share
   */
  static Parts read(MemorySegment in) {
    if (in.byteSize() < HEAD_BYTES || in.get(U32, 0) != MAGIC) {
      throw WireReader.malformed("%d bytes do not begin like one".formatted(in.byteSize()));
    }
    if (in.get(U32, 4) != VERSION) {
      throw WireReader.malformed(
          "it has version %d, this process reads version %d".formatted(in.get(U32, 4), VERSION));
    }
    long descriptionBytes = Integer.toUnsignedLong(in.get(U32, 8));
    long chunks = Integer.toUnsignedLong(in.get(U32, 12));
    long descriptionAt = HEAD_BYTES + Long.BYTES * chunks;
    if (descriptionAt + descriptionBytes > in.byteSize()) {
      throw WireReader.malformed("it ends early");
    }
    var lengths = new long[(int) chunks];
    long rest = in.byteSize() - descriptionAt - descriptionBytes;
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = in.get(U64, HEAD_BYTES + (long) Long.BYTES * i);
      if (lengths[i] < 0 || lengths[i] > rest) {
        throw WireReader.malformed("it ends early");
      }
      rest -= lengths[i];
    }
    if (rest != 0) {
      throw WireReader.malformed("%d bytes follow it".formatted(rest));
    }
    byte[] description = in.asSlice(descriptionAt, descriptionBytes).toArray(JAVA_BYTE);
    return new Parts(description, slices(in, descriptionAt + descriptionBytes, lengths));
  }

  private static List<MemorySegment> slices(MemorySegment all, long start, long[] lengths) {
    var slices = new ArrayList<MemorySegment>(lengths.length);
    long at = start;
    for (long length : lengths) {
      slices.add(all.asSlice(at, length));
      at += length;
    }
    return slices;
  }
}
