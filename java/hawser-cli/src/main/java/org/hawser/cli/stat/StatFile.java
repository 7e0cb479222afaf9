package org.hawser.cli.stat;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.stat.ProcessStat.ErrorStat;
import org.hawser.cli.stat.ProcessStat.EventStat;
import org.hawser.cli.stat.ProcessStat.LaneStat;
import org.hawser.cli.stat.ProcessStat.LinkStat;
import org.hawser.cli.stat.ProcessStat.PortStat;
import org.hawser.cli.stat.ProcessStat.ProxyStat;
import org.hawser.cli.stat.ProcessStat.WaitStat;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.StatLayouts;

/**
 * One process's file, as {@code hawser_stat.h} lays it out. It is read, not mapped: a file that
 * somebody cuts short meanwhile is then an error like others.
 */
final class StatFile {
  private static final long MOST_BYTES = 16 << 20;
  private static final double NANOS = 1e9;

  private final Path path;
  private final MemorySegment[] reads;
  private final long now = System.nanoTime();

  private StatFile(Path path, MemorySegment[] reads) {
    this.path = path;
    this.reads = reads;
  }

  /**
   * Reads it.
   *
   * @throws HawserException (IO) when it cannot be read, is none of these or damaged;
   *     (VERSION_MISMATCH) when another release wrote it
   */
  static ProcessStat read(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      // A pipe would keep us waiting.
      if (!Files.isRegularFile(path)) {
        throw new HawserException(ErrorCode.IO, path + " is no file");
      }
      var reads = new MemorySegment[3];
      try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
        long bytes = channel.size();
        if (bytes < StatLayouts.HEADER.byteSize() || bytes > MOST_BYTES) {
          throw damaged(path, "it has %d bytes".formatted(bytes));
        }
        for (int i = 0; i < reads.length; i++) {
          reads[i] = arena.allocate(bytes, Long.BYTES);
          fill(channel, reads[i].asByteBuffer(), path);
        }
      }
      var file = new StatFile(path, reads);
      file.check();
      return file.describe();
    } catch (IOException e) {
      throw new HawserException(ErrorCode.IO, "%s cannot be read: %s".formatted(path, e), e);
    }
  }

  private static void fill(FileChannel channel, ByteBuffer to, Path path) throws IOException {
    while (to.hasRemaining()) {
      if (channel.read(to, to.position()) <= 0) {
        throw damaged(path, "it was cut short while it was read");
      }
    }
  }

  private static HawserException damaged(Path path, String how) {
    return new HawserException(
        ErrorCode.IO, "%s is no file that hawser stat can read: %s".formatted(path, how));
  }

  private void check() {
    if (count("magic") != StatLayouts.MAGIC) {
      throw damaged(path, "it begins with other bytes");
    }
    if (number("version") != StatLayouts.VERSION) {
      throw new HawserException(
          ErrorCode.VERSION_MISMATCH,
          "%s has version %s, this release reads version %d: use the release that wrote it"
              .formatted(path, Integer.toUnsignedString(number("version")), StatLayouts.VERSION));
    }
    if (count("file_bytes") != reads[0].byteSize()
        || number("header_bytes") != StatLayouts.HEADER.byteSize()) {
      throw damaged(
          path, "it has %d bytes of %d".formatted(reads[0].byteSize(), count("file_bytes")));
    }
  }

  private ProcessStat describe() {
    int pid = number("pid");
    return new ProcessStat(
        pid,
        number("rank"),
        Liveness.of(pid, count("start"), count("pid_namespace"), text("boot")),
        text("program"),
        text("host"),
        path.toString(),
        time(count("opened_ns")),
        count("left_out"),
        links(),
        ports(),
        proxies(),
        waits(),
        errors(),
        events());
  }

  // ----------------------------------------------------------------------------------------------
  // tables

  private List<LinkStat> links() {
    Map<Integer, List<LaneStat>> lanes = lanes();
    StatTable links = table("links", StatLayouts.LINK);
    return used(
        links,
        row ->
            new LinkStat(
                links.number(row, "rank"),
                links.number(row, "peer_rank"),
                links.number(row, "peer_pid"),
                links.text(row, "peer_host"),
                Words.linkState(links.number(row, "state")),
                links.number(row, "encrypted") != 0,
                since(links.count(row, "updated_ns")),
                links.count(row, "unacknowledged"),
                links.count(row, "receives"),
                lanes.getOrDefault(row, List.of())));
  }

  /** By the row of their link. */
  private Map<Integer, List<LaneStat>> lanes() {
    StatTable lanes = table("lanes", StatLayouts.LANE);
    Map<Integer, List<LaneStat>> found = new HashMap<>();
    lanes
        .used()
        .forEach(
            row ->
                found
                    .computeIfAbsent(lanes.number(row, "link"), _ -> new ArrayList<>())
                    .add(lane(lanes, row)));
    return found;
  }

  private LaneStat lane(StatTable lanes, int row) {
    long progress = lanes.count(row, "progress_ns");
    return new LaneStat(
        lanes.number(row, "lane"),
        lanes.text(row, "device"),
        lanes.text(row, "peer_device"),
        Words.laneState(lanes.number(row, "state")),
        lanes.count(row, "sent_bytes"),
        lanes.count(row, "received_bytes"),
        lanes.count(row, "sent_messages"),
        lanes.count(row, "received_messages"),
        lanes.count(row, "returned_bytes"),
        lanes.count(row, "returned_chunks"),
        lanes.count(row, "losses"),
        lanes.count(row, "returns"),
        lanes.count(row, "checksum_errors"),
        lanes.count(row, "strangers"),
        lanes.count(row, "rate"),
        progress == 0 ? -1 : since(progress));
  }

  private List<PortStat> ports() {
    StatTable ports = table("ports", StatLayouts.PORT);
    return used(
        ports,
        row ->
            new PortStat(
                ports.number(row, "rank"),
                ports.number(row, "peer_rank"),
                ports.number(row, "peer_pid"),
                ports.text(row, "peer"),
                Words.transport(ports.number(row, "transport")),
                Words.portState(ports.number(row, "state")),
                ports.count(row, "puts"),
                ports.count(row, "signals"),
                ports.count(row, "bytes"),
                ports.count(row, "queued")));
  }

  private List<ProxyStat> proxies() {
    StatTable proxies = table("proxies", StatLayouts.PROXY);
    return used(
        proxies,
        row ->
            new ProxyStat(
                proxies.number(row, "rank"),
                proxies.count(row, "capacity"),
                proxies.count(row, "served"),
                proxies.count(row, "depth")));
  }

  private List<WaitStat> waits() {
    StatTable waits = table("waits", StatLayouts.WAIT);
    return used(
        waits,
        row ->
            new WaitStat(
                waits.number(row, "rank"),
                waits.number(row, "peer"),
                waits.number(row, "peer_pid"),
                waits.text(row, "what"),
                since(waits.count(row, "since_ns")),
                Math.max(0, (waits.count(row, "deadline_ns") - now) / NANOS)));
  }

  private List<ErrorStat> errors() {
    StatTable errors = table("errors", StatLayouts.ERROR);
    return latest(
        errors,
        count("error_tail"),
        row ->
            new ErrorStat(
                time(errors.count(row, "time_ns")),
                ErrorCode.ofNative(errors.number(row, "code")).name(),
                errors.number(row, "rank"),
                errors.number(row, "peer"),
                errors.number(row, "lane"),
                errors.text(row, "device"),
                errors.text(row, "text")));
  }

  private List<EventStat> events() {
    StatTable events = table("events", StatLayouts.EVENT);
    return latest(
        events,
        count("event_tail"),
        row ->
            new EventStat(
                time(events.count(row, "time_ns")),
                Words.event(events.number(row, "kind")),
                events.number(row, "rank"),
                events.number(row, "peer"),
                events.number(row, "lane"),
                events.text(row, "device"),
                ErrorCode.ofNative(events.number(row, "code")).name(),
                events.text(row, "text")));
  }

  private StatTable table(String name, StructLayout layout) {
    return StatTable.of(name, layout, reads, path.toString());
  }

  private static <T> List<T> used(StatTable table, IntFunction<T> read) {
    return table.used().mapToObj(read).toList();
  }

  /** The entries of a ring that are whole, the oldest first. */
  private static <T> List<T> latest(StatTable ring, long tail, IntFunction<T> read) {
    List<T> found = new ArrayList<>();
    long first = Math.max(0, tail - ring.capacity());
    for (int i = 0; i < ring.capacity() && first + i < tail; i++) {
      long number = first + i;
      int row = (int) (number % ring.capacity());
      if (ring.sequence(row) == 2 * number + 2) {
        found.add(read.apply(row));
      }
    }
    return found;
  }

  // ----------------------------------------------------------------------------------------------
  // header

  private int number(String field) {
    return reads[0].get(JAVA_INT, Layouts.offset(StatLayouts.HEADER, field));
  }

  private long count(String field) {
    return reads[0].get(JAVA_LONG, Layouts.offset(StatLayouts.HEADER, field));
  }

  private String text(String field) {
    long bytes = StatLayouts.HEADER.select(PathElement.groupElement(field)).byteSize();
    return StatTable.text(reads[0], Layouts.offset(StatLayouts.HEADER, field), bytes);
  }

  /** The JDK's clock is the file's, on Linux. */
  private double since(long nanos) {
    return Math.max(0, (now - nanos) / NANOS);
  }

  private String time(long nanos) {
    return Instant.EPOCH
        .plusNanos(count("opened_wall_ns"))
        .plusNanos(nanos - count("opened_ns"))
        .truncatedTo(ChronoUnit.MILLIS)
        .toString();
  }
}
