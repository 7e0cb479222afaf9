package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** A {@code hawser_config}: how to open an engine; 0 and "" ask for the header's defaults. */
public record NativeConfig(
    int rank,
    int chunkBytes,
    int eagerBytes,
    int socketsPerLane,
    int laneLoss,
    int checksum,
    int zeroCopy,
    long silenceNanos,
    long linkTimeoutNanos,
    String lanes) {

  private static final long LANES = Layouts.offset(Layouts.CONFIG, "lanes");
  private static final long LANES_BYTES = Layouts.CONFIG.byteSize() - LANES;

  MemorySegment write(Arena arena) {
    MemorySegment to = arena.allocate(Layouts.CONFIG);
    number(to, "struct_size", Math.toIntExact(Layouts.CONFIG.byteSize()));
    number(to, "rank", rank);
    number(to, "chunk_bytes", chunkBytes);
    number(to, "eager_bytes", eagerBytes);
    number(to, "sockets_per_lane", socketsPerLane);
    number(to, "lane_loss", laneLoss);
    number(to, "checksum", checksum);
    number(to, "zerocopy", zeroCopy);
    to.set(JAVA_LONG, Layouts.offset(Layouts.CONFIG, "silence_ns"), silenceNanos);
    to.set(JAVA_LONG, Layouts.offset(Layouts.CONFIG, "link_timeout_ns"), linkTimeoutNanos);
    if (lanes.getBytes(StandardCharsets.UTF_8).length >= LANES_BYTES) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "the list of lanes is longer than %d bytes: %s".formatted(LANES_BYTES - 1, lanes));
    }
    to.setString(LANES, lanes);
    return to;
  }

  private static void number(MemorySegment to, String field, int value) {
    to.set(JAVA_INT, Layouts.offset(Layouts.CONFIG, field), value);
  }
}
