package org.hawser.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a node keeps its store, to be filled and freed: a file system of its own in memory where
 * this process may mount one, else a folder.
 */
final class Disk implements AutoCloseable {
  private static final int BLOCK = 64 << 10;
  private static final String SIZE = "4m";

  private final Path folder;
  private final boolean mounted;

  private Disk(Path folder, boolean mounted) {
    this.folder = folder;
    this.mounted = mounted;
  }

  static Disk open(Path folder) throws IOException {
    Files.createDirectory(folder);
    boolean root = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    boolean mounted =
        root && Commands.run("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "tmpfs", "" + folder);
    return new Disk(folder, mounted);
  }

  Path folder() {
    return folder;
  }

  /** Leaves no room for anything more that {@code pid} writes. */
  void fill(long pid) {
    if (!mounted) {
      Commands.run("prlimit", "--pid", "" + pid, "--fsize=0:");
      return;
    }
    try (var out = Files.newOutputStream(filler())) {
      while (true) {
        out.write(new byte[BLOCK]);
      }
    } catch (IOException e) {
      // It is full.
    }
  }

  void free(long pid) throws IOException {
    if (mounted) {
      Files.deleteIfExists(filler());
    } else {
      Commands.run("prlimit", "--pid", "" + pid, "--fsize=unlimited:");
    }
  }

  private Path filler() {
    return folder.resolve("filler");
  }

  @Override
  public void close() {
    if (mounted) {
      Commands.run("umount", folder.toString());
    }
  }
}
