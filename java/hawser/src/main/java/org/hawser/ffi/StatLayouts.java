package org.hawser.ffi;

import static org.hawser.ffi.Layouts.i32;
import static org.hawser.ffi.Layouts.i64;
import static org.hawser.ffi.Layouts.struct;
import static org.hawser.ffi.Layouts.text;
import static org.hawser.ffi.Layouts.words;

import java.lang.foreign.StructLayout;
import java.util.List;

/** The structs and constants of {@code hawser_stat.h}, as {@link Layouts} has those of the rest. */
public final class StatLayouts {
  public static final int VERSION = 1;

  /** How a file of that kind begins. */
  public static final long MAGIC = 0x5441545352535748L;

  public static final StructLayout TABLE =
      struct("hawser_stat_table", i64("offset"), i32("stride"), i32("capacity"));

  public static final StructLayout HEADER =
      struct(
          "hawser_stat_header",
          i64("magic"),
          i32("version"),
          i32("header_bytes"),
          i64("file_bytes"),
          i32("pid"),
          i32("rank"),
          i64("start"),
          i64("pid_namespace"),
          i64("opened_ns"),
          i64("opened_wall_ns"),
          text("boot", 40),
          text("program", 64),
          text("host", 64),
          TABLE.withName("links"),
          TABLE.withName("lanes"),
          TABLE.withName("ports"),
          TABLE.withName("proxies"),
          TABLE.withName("waits"),
          TABLE.withName("errors"),
          TABLE.withName("events"),
          i64("error_tail"),
          i64("event_tail"),
          i64("left_out"),
          words("reserved", 7));

  public static final StructLayout LINK =
      struct(
          "hawser_stat_link",
          i64("sequence"),
          i32("used"),
          i32("rank"),
          i32("peer_rank"),
          i32("peer_pid"),
          i32("state"),
          i32("initiator"),
          i32("encrypted"),
          i32("lanes"),
          i64("opened_ns"),
          i64("updated_ns"),
          i64("unacknowledged"),
          i64("receives"),
          text("peer_host", 64));

  public static final StructLayout LANE =
      struct(
          "hawser_stat_lane",
          i64("sequence"),
          i32("used"),
          i32("link"),
          i32("lane"),
          i32("state"),
          text("device", 16),
          text("peer_device", 16),
          i64("sent_bytes"),
          i64("received_bytes"),
          i64("sent_messages"),
          i64("received_messages"),
          i64("returned_bytes"),
          i64("returned_chunks"),
          i64("losses"),
          i64("returns"),
          i64("checksum_errors"),
          i64("strangers"),
          i64("rate"),
          i64("progress_ns"));

  public static final StructLayout PORT =
      struct(
          "hawser_stat_port",
          i64("sequence"),
          i32("used"),
          i32("rank"),
          i32("peer_rank"),
          i32("peer_pid"),
          i32("transport"),
          i32("state"),
          i64("opened_ns"),
          i64("puts"),
          i64("signals"),
          i64("bytes"),
          i64("queued"),
          text("peer", 64));

  public static final StructLayout PROXY =
      struct(
          "hawser_stat_proxy",
          i64("sequence"),
          i32("used"),
          i32("rank"),
          i64("capacity"),
          i64("served"),
          i64("depth"));

  public static final StructLayout WAIT =
      struct(
          "hawser_stat_wait",
          i64("sequence"),
          i32("used"),
          i32("rank"),
          i32("peer"),
          i32("peer_pid"),
          i64("since_ns"),
          i64("deadline_ns"),
          text("what", 104));

  public static final StructLayout ERROR =
      struct(
          "hawser_stat_error",
          i64("sequence"),
          i64("time_ns"),
          i32("code"),
          i32("sys_errno"),
          i32("rank"),
          i32("peer"),
          i32("lane"),
          i32("reserved"),
          text("device", 16),
          text("text", 392));

  public static final StructLayout EVENT =
      struct(
          "hawser_stat_event",
          i64("sequence"),
          i64("time_ns"),
          i32("kind"),
          i32("rank"),
          i32("peer"),
          i32("lane"),
          i32("code"),
          i32("reserved"),
          text("device", 16),
          text("text", 72));

  /** Every struct of the header. */
  static final List<StructLayout> ALL =
      List.of(TABLE, HEADER, LINK, LANE, PORT, PROXY, WAIT, ERROR, EVENT);

  private StatLayouts() {}
}
