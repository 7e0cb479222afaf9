package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * A {@code hawser_config}: how to open an engine; 0 and "" ask for the header's defaults.
 *
 * @param identity null for clear text
 */
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
    String lanes,
    String net,
    NativeIdentity identity,
    boolean insecure) {

  /** Written for a call; {@link #keepIdentity} after it. */
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
    NativeMemory.setText(to, Layouts.CONFIG, "lanes", lanes, "the list of lanes");
    NativeMemory.setText(to, Layouts.CONFIG, "net", net, "the network's name");
    long handle = identity == null ? 0 : identity.handle();
    to.set(JAVA_LONG, Layouts.offset(Layouts.CONFIG, "identity"), handle);
    number(to, "insecure", insecure ? 1 : 0);
    return to;
  }

  /** Until here the identity is there for who reads the config. */
  void keepIdentity() {
    Reference.reachabilityFence(identity);
  }

  private static void number(MemorySegment to, String field, int value) {
    to.set(JAVA_INT, Layouts.offset(Layouts.CONFIG, field), value);
  }
}
