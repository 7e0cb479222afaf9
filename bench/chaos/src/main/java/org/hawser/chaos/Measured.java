package org.hawser.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a process held at one moment, as its kernel counts it.
 *
 * @param memory bytes of memory that are resident
 */
record Measured(long memory, long threads, long descriptors) {
  private static final long KIB = 1024;

  static Measured of(long pid) throws IOException {
    Path process = Path.of("/proc", Long.toString(pid));
    List<String> status = Files.readAllLines(process.resolve("status"));
    return new Measured(
        number(status, "VmRSS:") * KIB, number(status, "Threads:"), descriptors(process));
  }

  private static long number(List<String> status, String name) {
    String line = status.stream().filter(each -> each.startsWith(name)).findFirst().orElseThrow();
    return Long.parseLong(line.substring(name.length()).strip().split(" ")[0]);
  }

  private static long descriptors(Path process) throws IOException {
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      return open.count();
    }
  }

  /** Bytes that live objects of this process take. Collects garbage to know. */
  static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
