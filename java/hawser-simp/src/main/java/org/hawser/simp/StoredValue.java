package org.hawser.simp;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file that holds one value: {@code HAWSERV1}, the container's length and its CRC-32C, 8 bytes
 * each and big-endian, then the container.
 */
final class StoredValue {
  private static final long MAGIC = 0x4841575345525631L;
  private static final int HEADER = 24;

  /** Buffers address no more than 2 GiB. */
  private static final long STEP = 1 << 30;

  private StoredValue() {}

  /** Writes it, and returns when it is on the disk. */
  static void write(Path file, MemorySegment container) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    header.putLong(MAGIC).putLong(container.byteSize()).putLong(checksum(container)).flip();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      writeAll(channel, header);
      for (long at = 0; at < container.byteSize(); at += STEP) {
        writeAll(channel, step(container, at));
      }
      channel.force(true);
    }
  }

  /**
   * The container, in the arena's memory.
   *
   * @throws IOException also when the file is damaged or another program's
   */
  static MemorySegment read(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = ByteBuffer.allocate(HEADER);
      readAll(channel, header);
      header.flip();
      long magic = header.getLong();
      long bytes = header.getLong();
      long checksum = header.getLong();
      if (magic != MAGIC || bytes != channel.size() - HEADER) {
        throw new IOException("its file is damaged, or was not written by Hawser");
      }
      MemorySegment container = arena.allocate(bytes, Long.BYTES);
      for (long at = 0; at < bytes; at += STEP) {
        readAll(channel, step(container, at));
      }
      if (checksum(container) != checksum) {
        throw new IOException("its file is damaged: the checksum is another one");
      }
      return container;
    }
  }

  private static long checksum(MemorySegment container) {
    var crc = new CRC32C();
    for (long at = 0; at < container.byteSize(); at += STEP) {
      crc.update(step(container, at));
    }
    return crc.getValue();
  }

  private static ByteBuffer step(MemorySegment memory, long at) {
    return memory.asSlice(at, Math.min(STEP, memory.byteSize() - at)).asByteBuffer();
  }

  private static void writeAll(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static void readAll(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("its file is damaged: it ends too early");
      }
    }
  }
}
