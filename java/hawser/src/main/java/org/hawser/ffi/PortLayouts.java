package org.hawser.ffi;

import static org.hawser.ffi.Layouts.CONFIG;
import static org.hawser.ffi.Layouts.CURSOR;
import static org.hawser.ffi.Layouts.i32;
import static org.hawser.ffi.Layouts.i64;
import static org.hawser.ffi.Layouts.struct;
import static org.hawser.ffi.Layouts.text;
import static org.hawser.ffi.Layouts.words;

import java.lang.foreign.StructLayout;
import java.util.List;

/** The structs and constants of {@code hawser_port.h}, as {@link Layouts} has those of the rest. */
public final class PortLayouts {
  /** Triggers in a FIFO, unless told otherwise. */
  public static final int FIFO = 512;

  /** Room for the bytes of an endpoint, a memory or a semaphore. */
  static final int BYTES = 2048;

  /** A connection's state while it can be used. */
  public static final int OPEN = 0;

  public static final StructLayout WORD =
      struct("hawser_port_word", i64("value"), i32("sleepers"), i32("bell"), words("pad", 6));

  public static final StructLayout CONNECTION =
      struct(
          "hawser_port_connection_shared",
          i32("state"),
          i32("transport"),
          i64("puts"),
          i64("signals"),
          i64("bytes"),
          words("pad", 4));

  public static final StructLayout TRIGGER =
      struct(
          "hawser_trigger",
          i64("sequence"),
          i32("kind"),
          i32("channel"),
          i32("destination"),
          i32("source"),
          i64("destination_offset"),
          i64("source_offset"),
          i64("bytes"),
          words("reserved", 2));

  public static final StructLayout FIFO_SHARED =
      struct(
          "hawser_fifo_shared",
          i32("capacity"),
          i32("sleeping"),
          i64("triggers_offset"),
          words("reserved", 6),
          CURSOR.withName("tail"),
          CURSOR.withName("head"));

  public static final StructLayout DEVICE_CURSOR =
      struct("hawser_port_device_cursor", i64("tail"), i64("head"));

  public static final StructLayout DEVICE_NEWS =
      struct("hawser_port_device_news", i64("flushed"), i64("ended"), words("pad", 6));

  public static final StructLayout DEVICE_CHANNEL =
      struct(
          "hawser_port_device_channel",
          i64("fifo"),
          i64("triggers"),
          i64("cursor"),
          i64("news"),
          i64("inbound"),
          i64("awaited"),
          i32("capacity"),
          i32("channel"),
          i32("destination"),
          i32("source"));

  public static final StructLayout PORT_CONFIG =
      struct(
          "hawser_port_config",
          i32("struct_size"),
          i32("rank"),
          text("address", 64),
          CONFIG.withName("lanes"));

  public static final StructLayout ENDPOINT_CONFIG =
      struct(
          "hawser_endpoint_config",
          i32("struct_size"),
          i32("transport"),
          i32("device"),
          i32("ib_max_cq_size"),
          i32("ib_max_cq_poll_num"),
          i32("ib_max_send_wr"),
          text("ib_provider", 64));

  /** Every struct of the header. */
  static final List<StructLayout> ALL =
      List.of(
          WORD,
          CONNECTION,
          TRIGGER,
          FIFO_SHARED,
          DEVICE_CURSOR,
          DEVICE_NEWS,
          DEVICE_CHANNEL,
          PORT_CONFIG,
          ENDPOINT_CONFIG);

  private PortLayouts() {}
}
