package org.hawser.spu;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Checks a share's pieces, libspu's {@code ValueChunk}s, before libspu gets them: it copies them
 * where they say that they belong, and does not see to it that they fit there.
 */
final class ShareChunks {
  private static final int TOTAL_BYTES = 1;
  private static final int CHUNK_OFFSET = 2;
  private static final int CONTENT = 3;

  private ShareChunks() {}

  /**
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when the pieces do not follow one another
   *     from the start of a whole to its end
   */
  static void check(List<MemorySegment> chunks) {
    long end = 0;
    long total = 0;
    for (MemorySegment chunk : chunks) {
      var reader = new WireReader(chunk);
      long chunkTotal = reader.number(TOTAL_BYTES);
      long offset = reader.number(CHUNK_OFFSET);
      long bytes = reader.bytes(CONTENT).byteSize();
      reader.requireEnd();
      if (end > 0 && chunkTotal != total || offset != end || bytes > chunkTotal - offset) {
        throw WireReader.malformed("its pieces do not fit together");
      }
      total = chunkTotal;
      end += bytes;
    }
    if (end != total) {
      throw WireReader.malformed("a piece is missing");
    }
  }
}
