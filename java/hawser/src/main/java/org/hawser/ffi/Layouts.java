package org.hawser.ffi;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The structs and constants of {@code hawser.h} and {@code hawser_trust.h}, under their C names. A
 * test compares every size and offset with what the native library says about itself.
 */
public final class Layouts {
  public static final int ABI_VERSION = 3;

  public static final int MAX_LANES = 16;

  /** Unacknowledged chunks a lane. */
  public static final int WINDOW = 16;

  /** Slots of a lane's chunk ring. */
  public static final int CHUNK_RING = 32;

  public static final int BOOTSTRAP_PORT = 12347;

  public static final StructLayout ERROR =
      struct(
          "hawser_error",
          i32("code"),
          i32("sys_errno"),
          i32("rank"),
          i32("lane"),
          text("device", 16),
          text("text", 480));

  public static final StructLayout LAYOUT =
      struct("hawser_layout", text("name", 64), i64("offset"), i64("size"));

  public static final StructLayout DEVICE =
      struct(
          "hawser_device",
          text("name", 16),
          text("address", 64),
          i32("index"),
          i32("mtu"),
          i32("speed_mbps"),
          i32("numa_node"),
          i32("up"),
          i32("lane"),
          text("pci", 32),
          text("reason", 96));

  public static final StructLayout OP =
      struct(
          "hawser_op",
          i64("sequence"),
          i32("kind"),
          i32("link"),
          i64("id"),
          i64("tag"),
          i64("address"),
          i64("bytes"),
          i64("memory"),
          i64("reserved"));

  public static final StructLayout EVENT =
      struct(
          "hawser_event",
          i64("id"),
          i32("kind"),
          i32("code"),
          i32("link"),
          i32("lane"),
          i64("bytes"),
          i64("offset"));

  public static final StructLayout CHUNK =
      struct("hawser_chunk", i64("id"), i64("offset"), i64("bytes"), i64("reserved"));

  public static final StructLayout CURSOR = struct("hawser_cursor", i64("value"), words("pad", 7));

  public static final StructLayout ENGINE_SHARED =
      struct(
          "hawser_engine_shared",
          i32("abi_version"),
          i32("op_capacity"),
          i32("event_capacity"),
          i32("sleeping"),
          i64("ops_offset"),
          i64("events_offset"),
          words("reserved", 4),
          CURSOR.withName("op_tail"),
          CURSOR.withName("op_head"),
          CURSOR.withName("event_tail"),
          CURSOR.withName("event_head"));

  public static final StructLayout LANE_STATE =
      struct(
          "hawser_lane_state",
          i64("submitted_bytes"),
          i64("submitted_chunks"),
          words("driver_reserved", 6),
          i64("taken_chunks"),
          i64("written_chunks"),
          i64("acked_bytes"),
          i64("acked_chunks"),
          i64("returned_bytes"),
          i64("returned_chunks"),
          i64("rate"),
          i64("alive"),
          i64("sent_bytes"),
          i64("received_bytes"),
          i64("sent_messages"),
          i64("received_messages"),
          i64("losses"),
          i64("returns"),
          i64("checksum_errors"),
          i64("strangers"));

  public static final StructLayout LINK_SHARED =
      struct(
          "hawser_link_shared",
          i32("lanes"),
          i32("state"),
          i64("unacknowledged"),
          words("engine_reserved", 6),
          i64("backlog"),
          words("driver_reserved", 7),
          MemoryLayout.sequenceLayout(MAX_LANES, LANE_STATE).withName("lane"),
          MemoryLayout.sequenceLayout(MAX_LANES, MemoryLayout.sequenceLayout(CHUNK_RING, CHUNK))
              .withName("chunks"));

  public static final StructLayout CONFIG =
      struct(
          "hawser_config",
          i32("struct_size"),
          i32("rank"),
          i32("op_capacity"),
          i32("event_capacity"),
          i32("chunk_bytes"),
          i32("eager_bytes"),
          i32("sockets_per_lane"),
          i32("lane_loss"),
          i32("checksum"),
          i32("zerocopy"),
          i64("silence_ns"),
          i64("link_timeout_ns"),
          text("lanes", 512),
          text("net", 256),
          i64("identity"),
          i32("insecure"),
          i32("reserved"));

  public static final StructLayout IDENTITY_CONFIG =
      struct(
          "hawser_identity_config",
          i32("struct_size"),
          i32("ranks"),
          text("certificate", 512),
          text("key", 512),
          text("roots", 512),
          text("psk_file", 512),
          i64("peer_names"));

  public static final StructLayout LANE_INFO =
      struct(
          "hawser_lane_info",
          text("device", 16),
          text("local_address", 64),
          text("peer_address", 64),
          text("peer_device", 16),
          i32("speed_mbps"),
          i32("sockets"),
          text("last_error", 128));

  public static final StructLayout LINK_INFO =
      struct(
          "hawser_link_info",
          i32("peer_rank"),
          i32("lanes"),
          i32("checksum"),
          i32("initiator"),
          text("peer_host", 64));

  /** Every struct of both headers. */
  static final List<StructLayout> ALL =
      List.of(
          ERROR,
          LAYOUT,
          DEVICE,
          OP,
          EVENT,
          CHUNK,
          CURSOR,
          ENGINE_SHARED,
          LANE_STATE,
          LINK_SHARED,
          CONFIG,
          IDENTITY_CONFIG,
          LANE_INFO,
          LINK_INFO);

  private Layouts() {}

  /** Where a field starts, in bytes from the start of its struct. */
  public static long offset(StructLayout struct, String field) {
    return struct.byteOffset(PathElement.groupElement(field));
  }

  static StructLayout struct(String name, MemoryLayout... members) {
    return MemoryLayout.structLayout(members).withName(name);
  }

  static ValueLayout i32(String name) {
    return ValueLayout.JAVA_INT.withName(name);
  }

  static ValueLayout i64(String name) {
    return ValueLayout.JAVA_LONG.withName(name);
  }

  static SequenceLayout text(String name, long bytes) {
    return MemoryLayout.sequenceLayout(bytes, ValueLayout.JAVA_BYTE).withName(name);
  }

  static SequenceLayout words(String name, long count) {
    return MemoryLayout.sequenceLayout(count, ValueLayout.JAVA_LONG).withName(name);
  }
}
