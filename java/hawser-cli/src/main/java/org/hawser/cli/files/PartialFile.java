package org.hawser.cli.files;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.UUID;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A file that is being received, under a name of its own until it is whole. Its memory is mapped;
 * every part of it must get its blocks ({@link #allocate}) before anything else writes there, since
 * the kernel kills a process that writes to a mapped page for which the disk has no block.
 */
final class PartialFile implements AutoCloseable {
  private static final int STEP = 1 << 20;

  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private final Arena arena = Arena.ofShared();
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(STEP);
  private final MemorySegment memory;

  private PartialFile(Path target, Path part, FileChannel channel, long bytes) throws IOException {
    this.target = target;
    this.part = part;
    this.channel = channel;
    try {
      this.memory =
          bytes == 0 ? MemorySegment.NULL : channel.map(MapMode.READ_WRITE, 0, bytes, arena);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Makes the file in a folder.
   *
   * @throws HawserException REFUSED for a name that is not a plain file's in that folder, IO when
   *     there is no room for it
   */
  static PartialFile create(Path folder, String name, long bytes) throws IOException {
    Path target = FileNames.inside(folder, name);
    long room = Files.getFileStore(folder).getUsableSpace();
    if (bytes > room) {
      throw noRoom(target, "it has %d bytes and %d are free".formatted(bytes, room));
    }
    Path part = folder.resolve(".%s.%s.part".formatted(shortened(name), UUID.randomUUID()));
    var channel = FileChannel.open(part, Set.of(READ, WRITE, CREATE_NEW, NOFOLLOW_LINKS));
    return new PartialFile(target, part, channel, bytes);
  }

  /** File systems bound a name's length, and this one gets longer. */
  private static String shortened(String name) {
    return name.substring(0, Math.min(name.length(), 40));
  }

  /**
   * Gets the blocks of a part that was not written yet.
   *
   * @throws HawserException (IO) when the disk is full
   */
  void allocate(long start, long length) {
    try {
      for (long at = start; at < start + length; ) {
        zeros.clear().limit((int) Math.min(STEP, start + length - at));
        at += channel.write(zeros, at);
      }
    } catch (IOException e) {
      throw noRoom(target, e.getMessage());
    }
  }

  private static HawserException noRoom(Path target, String why) {
    return new HawserException(
        ErrorCode.IO,
        "no room for %s: %s; free some space there".formatted(target.getFileName(), why));
  }

  MemorySegment memory() {
    return memory;
  }

  /** It is whole and right: gives it its name, once it is on the disk. */
  Path keep() throws IOException {
    channel.force(false);
    return Files.move(
        part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Removes what is not whole. No transfer and no hash may use the memory any more. */
  @Override
  public void close() throws IOException {
    arena.close();
    channel.close();
    Files.deleteIfExists(part);
  }
}
