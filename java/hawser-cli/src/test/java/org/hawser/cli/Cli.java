package org.hawser.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hawser.Setting;
import org.hawser.cli.common.Json;
import org.hawser.cli.common.PeerProcess;

/** The commands as processes of their own. Each has a limit, and is ended with its test. */
public final class Cli implements AutoCloseable {
  /** Four lanes over loopback, for both ends. */
  public static final Map<String, String> LOOPBACK = Map.of("HAWSER_LANES", "lo,lo,lo,lo");

  /** How long a command may take until it says something. */
  private static final Duration START = Duration.ofSeconds(60);

  public record Outcome(int exit, List<String> out, String err) {
    /** The lines of standard output that are JSON objects. */
    public List<JsonNode> json() {
      return out.stream().filter(line -> line.startsWith("{")).map(Json::tree).toList();
    }

    @Override
    public String toString() {
      return "exit code %d%n%s%n%s".formatted(exit, String.join("\n", out), err);
    }
  }

  private final Process process;
  private final BufferedReader output;
  private final Path errors;
  private final List<String> seen = new ArrayList<>();

  private Cli(Process process, Path errors) {
    this.process = process;
    this.output = process.inputReader();
    this.errors = errors;
  }

  /** Starts {@code hawser ARGUMENTS}. */
  public static Cli start(Map<String, String> variables, String... arguments) throws IOException {
    return start(variables, PeerProcess.command(List.of(arguments)));
  }

  /** Starts any command. */
  public static Cli start(Map<String, String> variables, List<String> command) throws IOException {
    Path errors = Files.createTempFile("hawser-test-", ".err");
    var builder = new ProcessBuilder(command).redirectError(errors.toFile());
    var environment = new HashMap<>(System.getenv());
    // The tests' own settings, but for where the build has libspu.
    environment
        .keySet()
        .removeIf(name -> name.startsWith("HAWSER_") && !name.equals(Setting.PYTHON.variable()));
    environment.putAll(variables);
    builder.environment().clear();
    builder.environment().putAll(environment);
    return new Cli(builder.start(), errors);
  }

  /** What runs a program of the tests, on the class path. */
  public static List<String> program(Class<?> main, List<String> options, String... arguments)
      throws URISyntaxException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path tests = Path.of(main.getResource(main.getSimpleName() + ".class").toURI());
    for (String _ : main.getName().split("\\.")) {
      tests = tests.getParent();
    }
    String path =
        String.join(
            ":",
            System.getProperty("jdk.module.path", ""),
            System.getProperty("java.class.path"),
            tests.toString());
    var command = new ArrayList<>(List.of(java, "--enable-native-access=ALL-UNNAMED", "-cp", path));
    command.addAll(options);
    String library = System.getProperty("hawser.library.path");
    if (library != null) {
      command.add("-Dhawser.library.path=" + library);
    }
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  /** Runs {@code hawser ARGUMENTS} to its end. */
  public static Outcome run(Map<String, String> variables, Duration limit, String... arguments)
      throws Exception {
    try (Cli cli = start(variables, arguments)) {
      return cli.await(limit);
    }
  }

  /** Runs {@code hawser ARGUMENTS} in this process, for commands that end at once. */
  public static Outcome here(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exit = Hawser.run(LOOPBACK, new PrintWriter(out), new PrintWriter(err), arguments);
    return new Outcome(exit, out.toString().lines().toList(), err.toString());
  }

  /** The port in the first line of a command that listens with {@code --json}. */
  public int port() throws Exception {
    return Json.tree(firstLine()).get("port").asInt();
  }

  /** The first line of standard output; a command that does not come to it fails the test. */
  public String firstLine() throws Exception {
    // The reading thread ends at the latest with the process, which its test ends.
    var reading =
        CompletableFuture.supplyAsync(
            () -> output.lines().findFirst().orElse(null), Thread::startVirtualThread);
    String line;
    try {
      line = reading.get(START.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(
          "says nothing after %s: %s".formatted(START, Files.readString(errors)), e);
    }
    if (line == null) {
      throw new AssertionError("it did not start: " + Files.readString(errors));
    }
    seen.add(line);
    return line;
  }

  public ProcessHandle handle() {
    return process.toHandle();
  }

  public boolean isRunning() {
    return process.isAlive();
  }

  /** Waits for the end; a process that takes longer is ended, and the test fails. */
  public Outcome await(Duration limit) throws Exception {
    var reader = Thread.ofVirtual().start(() -> output.lines().forEach(seen::add));
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError(
          "did not end within %s: %s%n%s".formatted(limit, seen, Files.readString(errors)));
    }
    reader.join();
    return new Outcome(process.exitValue(), List.copyOf(seen), Files.readString(errors));
  }

  @Override
  public void close() throws IOException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(errors);
  }
}
