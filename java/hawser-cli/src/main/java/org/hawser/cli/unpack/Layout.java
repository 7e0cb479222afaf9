package org.hawser.cli.unpack;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.UnpackBatch;

/**
 * Fragments of equal size, the last one what is left, that lie shuffled in the source and one
 * behind the other in the destination: as a network leaves them in a pool of pages.
 */
final class Layout {
  private static final long SEED = 42;

  private final long fragment;
  private final long bytes;

  /** Where each fragment of the destination lies in the source, in multiples of the fragment. */
  private final List<Integer> places = new ArrayList<>();

  Layout(long fragment, long bytes) {
    this.fragment = fragment;
    this.bytes = bytes;
    for (int i = 0; i < (bytes + fragment - 1) / fragment; i++) {
      places.add(i);
    }
    // The last one may be shorter: it stays where it is.
    Collections.shuffle(places.subList(0, places.size() - 1), new Random(SEED));
  }

  List<UnpackBatch> batches() {
    List<UnpackBatch> batches = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      if (i % UnpackBatch.MAX == 0) {
        batches.add(new UnpackBatch());
      }
      batches.getLast().add(places.get(i) * fragment, length(i), i * fragment);
    }
    return batches;
  }

  private long length(int index) {
    return Math.min(fragment, bytes - index * fragment);
  }

  /**
   * Compares what was unpacked with the source.
   *
   * @throws HawserException INTERNAL when a byte is wrong
   */
  void verify(MemorySegment source, MemorySegment destination) {
    for (int i = 0; i < places.size(); i++) {
      MemorySegment expected = source.asSlice(places.get(i) * fragment, length(i));
      MemorySegment found = destination.asSlice(i * fragment, length(i));
      if (found.mismatch(expected) >= 0) {
        throw new HawserException(
            ErrorCode.INTERNAL, "fragment %d of %d bytes is wrong".formatted(i, length(i)));
      }
    }
  }
}
