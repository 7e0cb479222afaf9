package org.hawser.cli.spu;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What this process uses, as the kernel counts it. */
final class OwnProcess {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private static final Path PROC = Path.of("/proc/self");
  private static final String PEAK = "VmHWM:";
  private static final double KIB_PER_MB = 1000.0 / 1.024;

  /** The columns of /proc/net/tcp, and how a listening socket is marked there. */
  private static final int STATE = 3;

  private static final int INODE = 9;
  private static final String LISTENS = "0A";

  private OwnProcess() {}

  /** CPU time of all threads so far. */
  static double cpuSeconds() {
    return SYSTEM.getProcessCpuTime() / 1e9;
  }

  /** The most memory that it ever had resident, in millions of bytes. */
  static double rssMbPeak() {
    return lines(PROC.resolve("status"))
        .filter(line -> line.startsWith(PEAK))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / KIB_PER_MB)
        .findFirst()
        .orElse(0);
  }

  /** How many TCP sockets of its own listen. */
  static int listeningPorts() {
    Set<String> own = ownSockets();
    return (int)
        Stream.of("tcp", "tcp6")
            .flatMap(table -> lines(PROC.resolve("net").resolve(table)))
            .map(line -> line.strip().split("\\s+"))
            .filter(fields -> fields[STATE].equals(LISTENS) && own.contains(fields[INODE]))
            .count();
  }

  private static Set<String> ownSockets() {
    Set<String> inodes = new HashSet<>();
    try (Stream<Path> files = Files.list(PROC.resolve("fd"))) {
      for (Path file : files.toList()) {
        target(file)
            .filter(name -> name.startsWith("socket:"))
            .forEach(name -> inodes.add(name.replaceAll("\\D", "")));
      }
      return inodes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** None when it has been closed meanwhile. */
  private static Stream<String> target(Path file) throws IOException {
    try {
      return Stream.of(Files.readSymbolicLink(file).toString());
    } catch (NoSuchFileException e) {
      return Stream.empty();
    }
  }

  /** None when the kernel has no such file. */
  private static Stream<String> lines(Path file) {
    try {
      List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
      return lines.stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
