package org.hawser.cli.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hawser.cli.Cli;

/** A file system of a given size, where the machine permits to mount one. */
final class SmallDisk implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Path path;
  private final boolean mounted;

  private SmallDisk(Path path, boolean mounted) {
    this.path = path;
    this.mounted = mounted;
  }

  static SmallDisk mount(Path path, String size) throws IOException {
    Files.createDirectory(path);
    return new SmallDisk(
        path, run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", path.toString()));
  }

  private static boolean run(String... command) {
    try (var cli = Cli.start(Map.of(), List.of(command))) {
      return cli.await(LIMIT).exit() == 0;
    } catch (Exception e) {
      return false;
    }
  }

  boolean isMounted() {
    return mounted;
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    if (mounted) {
      run("umount", path.toString());
    }
  }
}
