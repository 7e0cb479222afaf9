package org.hawser.cli.demo;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A file of made-up bytes, the same in every run. */
final class DemoFile {
  private static final int BLOCK = 1 << 20;
  private static final long SEED = 4;

  private DemoFile() {}

  static void write(Path file, long bytes) throws IOException {
    var random = new SplittableRandom(SEED);
    var block = ByteBuffer.allocateDirect(BLOCK);
    try (var channel = FileChannel.open(file, WRITE, CREATE_NEW)) {
      for (long left = bytes; left > 0; ) {
        block.clear();
        while (block.hasRemaining()) {
          block.putLong(random.nextLong());
        }
        block.flip().limit((int) Math.min(BLOCK, left));
        while (block.hasRemaining()) {
          left -= channel.write(block);
        }
      }
    }
  }
}
