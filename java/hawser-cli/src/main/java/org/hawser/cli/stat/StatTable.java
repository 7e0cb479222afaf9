package org.hawser.cli.stat;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.Layouts;
import org.hawser.ffi.StatLayouts;

/**
 * Rows of one kind, of a file that was read three times, one after the other. What was a row's
 * sequence before and after its content was read tells whether it changed meanwhile.
 */
record StatTable(
    StructLayout layout,
    MemorySegment before,
    MemorySegment content,
    MemorySegment after,
    int capacity) {
  /** More rows are no file's. */
  private static final int MOST_ROWS = 1 << 16;

  /**
   * The table that the header names.
   *
   * @param reads whole files, of one size
   * @throws HawserException (IO) when it lies outside of the file, or its rows are of another size
   */
  static StatTable of(String name, StructLayout layout, MemorySegment[] reads, String file) {
    long at = Layouts.offset(StatLayouts.HEADER, name);
    MemorySegment table = reads[0].asSlice(at, StatLayouts.TABLE);
    long offset = table.get(JAVA_LONG, Layouts.offset(StatLayouts.TABLE, "offset"));
    int stride = table.get(JAVA_INT, Layouts.offset(StatLayouts.TABLE, "stride"));
    int capacity = table.get(JAVA_INT, Layouts.offset(StatLayouts.TABLE, "capacity"));
    long bytes = (long) capacity * layout.byteSize();
    boolean fits =
        stride == layout.byteSize()
            && capacity > 0
            && capacity <= MOST_ROWS
            && offset >= StatLayouts.HEADER.byteSize()
            && offset % Long.BYTES == 0
            && offset <= reads[0].byteSize() - bytes;
    if (!fits) {
      throw new HawserException(
          ErrorCode.IO,
          "%s is damaged: its table of %s is not where it can be".formatted(file, name));
    }
    return new StatTable(
        layout,
        reads[0].asSlice(offset, bytes),
        reads[1].asSlice(offset, bytes),
        reads[2].asSlice(offset, bytes),
        capacity);
  }

  /** The sequence of a row that is whole; -1 of one that was being written. */
  long sequence(int row) {
    long at = row * layout.byteSize();
    long sequence = before.get(JAVA_LONG, at);
    return sequence >= 0 && sequence % 2 == 0 && sequence == after.get(JAVA_LONG, at)
        ? sequence
        : -1;
  }

  /** The rows that are whole and somebody's. */
  IntStream used() {
    return IntStream.range(0, capacity)
        .filter(row -> sequence(row) >= 0 && number(row, "used") != 0);
  }

  int number(int row, String field) {
    return content.get(JAVA_INT, at(row, field));
  }

  long count(int row, String field) {
    return content.get(JAVA_LONG, at(row, field));
  }

  String text(int row, String field) {
    return text(content, at(row, field), layout.select(PathElement.groupElement(field)).byteSize());
  }

  private long at(int row, String field) {
    return row * layout.byteSize() + Layouts.offset(layout, field);
  }

  /** A field's text up to its first zero, or all of it; nothing in it can steer a terminal. */
  static String text(MemorySegment segment, long at, long bytes) {
    byte[] field = segment.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE);
    int length = 0;
    while (length < field.length && field[length] != 0) {
      length++;
    }
    return new String(field, 0, length, UTF_8).replaceAll("\\p{Cntrl}|[\\x{80}-\\x{9f}]", ".");
  }
}
