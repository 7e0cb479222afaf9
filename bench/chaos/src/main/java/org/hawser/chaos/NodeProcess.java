package org.hawser.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@link Node} that this process started, and may therefore stop and kill. */
final class NodeProcess implements AutoCloseable {
  private static final Pattern COUNTER = Pattern.compile("\"([a-z_]+)\":(\\d+)");
  private static final int CRASHED_ABOVE = 128;

  private final List<String> command;
  private final Path errors;
  private final Tally tally;
  private Process process;
  private volatile long pid;
  private final AtomicLong joins = new AtomicLong();
  private final AtomicLong progress = new AtomicLong();
  private final AtomicLong partings = new AtomicLong();
  private volatile String parting = "";
  private volatile long heap;
  private volatile boolean expectedToEnd;

  /**
   * @param prefix what starts commands where the node is to run; empty for here
   */
  NodeProcess(List<String> prefix, List<String> arguments, Path errors, Tally tally) {
    this.errors = errors;
    this.tally = tally;
    command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            // Pages of the heap do not come by and by: what grows is something else.
            "-Xms128m",
            "-Xmx128m",
            "-XX:+AlwaysPreTouch",
            "-Xshare:auto",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + errors.resolveSibling("hs_err_%p.log"),
            "--enable-native-access=ALL-UNNAMED"));
    String library = System.getProperty("hawser.library.path");
    if (library != null) {
      command.add("-Dhawser.library.path=" + library);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.hawser.chaos.Node"));
    command.addAll(arguments);
  }

  void start() {
    expectedToEnd = false;
    pid = 0;
    try {
      process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Process started = process;
    Thread.ofPlatform().daemon().start(() -> read(started));
    started.onExit().thenAccept(this::ended);
  }

  private void read(Process started) {
    try (BufferedReader lines = started.inputReader()) {
      lines.lines().forEach(this::hear);
    } catch (IOException | UncheckedIOException e) {
      // It has ended.
    }
  }

  private void hear(String line) {
    String[] words = line.split(" ", 2);
    switch (words[0]) {
      case "serves" -> pid = Long.parseLong(words[1]);
      case "joined" -> joins.incrementAndGet();
      case "rounds" -> progress.incrementAndGet();
      case "heap" -> heap = Long.parseLong(words[1]);
      case "apart" -> {
        parting = words[1];
        partings.incrementAndGet();
      }
      case "tally" -> add(words[1]);
      default -> Tally.say("a node says: " + line);
    }
  }

  private void add(String json) {
    Matcher counters = COUNTER.matcher(json);
    while (counters.find()) {
      long count = Long.parseLong(counters.group(2));
      switch (counters.group(1)) {
        case "bytes" -> tally.bytes.addAndGet(count);
        case "lost" -> tally.lost.addAndGet(count);
        case "doubled" -> tally.doubled.addAndGet(count);
        case "wrong" -> tally.wrong.addAndGet(count);
        case "late_waits" -> tally.lateWaits.addAndGet(count);
        case "crashes" -> tally.crashes.addAndGet(count);
        default -> {}
      }
    }
  }

  private void ended(Process which) {
    if (!expectedToEnd) {
      tally.crashed(
          "a node ended by itself with status %d: %s".formatted(which.exitValue(), errors));
    }
  }

  long joins() {
    return joins.get();
  }

  long progress() {
    return progress.get();
  }

  long partings() {
    return partings.get();
  }

  /** Why it was parted from its peer last. */
  String parting() {
    return parting;
  }

  /** 0 until it serves. */
  long pid() {
    return pid;
  }

  /** Bytes of its heap in use when it was last asked; 0 before. */
  long heap() {
    return heap;
  }

  void askHeap() throws IOException {
    process.outputWriter().write('h');
    process.outputWriter().flush();
  }

  void signal(String name) {
    Commands.run("kill", "-" + name, Long.toString(pid));
  }

  void kill() {
    expectedToEnd = true;
    signal("KILL");
    awaitEnd(Duration.ofSeconds(10));
  }

  /** Lets it end in order, and takes its tally. */
  @Override
  public void close() {
    if (process == null || !process.isAlive()) {
      return;
    }
    expectedToEnd = true;
    try {
      process.outputWriter().write('\n');
      process.outputWriter().flush();
    } catch (IOException e) {
      // It is ending already.
    }
    if (!awaitEnd(Duration.ofSeconds(20))) {
      tally.late("a node does not end");
      Commands.run("kill", "-KILL", Long.toString(pid));
      process.destroyForcibly();
    } else if (process.exitValue() >= CRASHED_ABOVE) {
      tally.crashed("a node ended with status " + process.exitValue());
    }
  }

  private boolean awaitEnd(Duration limit) {
    try {
      return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
