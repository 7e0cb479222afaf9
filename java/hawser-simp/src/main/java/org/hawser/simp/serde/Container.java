package org.hawser.simp.serde;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** JSON and the segments that it refers to, one after another, each behind its length. */
final class Container {
  private static final ValueLayout.OfInt LENGTH =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long LONGEST = 0xffff_ffffL;

  /** Bytes of {@code "bref":0}: millions of empty segments would otherwise fill the heap. */
  private static final int SHORTEST_REFERENCE = 8;

  private static final long LONGEST_JSON = Integer.MAX_VALUE - 8;

  private Container() {}

  static MemorySegment write(Object value, Arena arena) {
    var encoder = new Encoder(true);
    var parts = new ArrayList<MemorySegment>();
    parts.add(MemorySegment.ofArray(JsonText.write(encoder.encode(value))));
    parts.addAll(encoder.segments());
    long bytes = 0;
    for (MemorySegment part : parts) {
      bytes += LENGTH.byteSize() + checkedLength(part);
    }
    MemorySegment container = arena.allocate(bytes);
    long at = 0;
    for (MemorySegment part : parts) {
      container.set(LENGTH, at, (int) part.byteSize());
      at += LENGTH.byteSize();
      MemorySegment.copy(part, 0, container, at, part.byteSize());
      at += part.byteSize();
    }
    return container;
  }

  private static long checkedLength(MemorySegment part) {
    if (part.byteSize() > LONGEST) {
      throw Encoder.refused(
          "%d bytes are too many for one segment, which has %d at most: send the tensor in parts"
              .formatted(part.byteSize(), LONGEST));
    }
    return part.byteSize();
  }

  /** What is returned refers to nothing of the container. */
  static Object read(MemorySegment container) {
    List<MemorySegment> parts = parts(container);
    if (parts.isEmpty()) {
      throw malformed("it is empty");
    }
    MemorySegment json = parts.getFirst();
    if (json.byteSize() > LONGEST_JSON) {
      throw malformed("%d bytes are too many for its JSON".formatted(json.byteSize()));
    }
    return Reading.of(JsonText.read(json.toArray(JAVA_BYTE)), parts.subList(1, parts.size()))
        .decode();
  }

  private static List<MemorySegment> parts(MemorySegment container) {
    var parts = new ArrayList<MemorySegment>();
    long at = 0;
    while (at < container.byteSize()) {
      long left = container.byteSize() - at - LENGTH.byteSize();
      if (left < 0) {
        throw malformed("it ends within a length, at byte %d".formatted(at));
      }
      long length = Integer.toUnsignedLong(container.get(LENGTH, at));
      if (length > left) {
        throw malformed(
            "at byte %d it announces %d bytes, and %d follow".formatted(at, length, left));
      }
      if (parts.size() > 1 && parts.size() > parts.getFirst().byteSize() / SHORTEST_REFERENCE) {
        throw malformed("it has more segments than its JSON can refer to");
      }
      at += LENGTH.byteSize();
      parts.add(container.asSlice(at, length));
      at += length;
    }
    return parts;
  }

  private static HawserException malformed(String what) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, "malformed container: " + what);
  }
}
