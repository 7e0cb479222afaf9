package org.hawser.cli.common;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A second process of this program, which tells what it has to tell in lines of JSON. It ends by
 * itself when this one does, since its standard input then ends. One thread at a time.
 */
public final class PeerProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Process process;
  private final Path errors;
  private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
  private int port;

  private PeerProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    // Reads to the end, so that the peer never waits for room in the pipe.
    Thread.ofVirtual().start(this::drain);
  }

  /**
   * Starts a command.
   *
   * @param variables its whole environment
   */
  public static PeerProcess start(Map<String, String> variables, List<String> arguments) {
    try {
      Path errors = Files.createTempFile("hawser-peer-", ".txt");
      errors.toFile().deleteOnExit(); // Should this process be told to end before it gets to close.
      List<String> command = command(arguments);
      command.add(Lifeline.OPTION);
      var builder = new ProcessBuilder(command).redirectError(errors.toFile());
      builder.environment().clear();
      builder.environment().putAll(variables);
      return new PeerProcess(builder.start(), errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What starts this program as this process was started: from modules, as scripts/hawser does, or
   * from a class path.
   */
  public static List<String> command(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xshare:auto"));
    String library = System.getProperty("hawser.library.path");
    if (library != null) {
      command.add("-Dhawser.library.path=" + library);
    }
    String modules = System.getProperty("jdk.module.path");
    if (modules != null) {
      command.addAll(
          List.of("--enable-native-access=org.hawser,io.netty.common", "--module-path", modules));
      command.addAll(List.of("--module", "org.hawser.cli/org.hawser.cli.Hawser"));
    } else {
      command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--class-path"));
      command.addAll(List.of(System.getProperty("java.class.path"), "org.hawser.cli.Hawser"));
    }
    command.addAll(arguments);
    return command;
  }

  private void drain() {
    try (BufferedReader output = process.inputReader()) {
      output.lines().map(Optional::of).forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      // The process has ended; its exit status tells the rest.
    }
    lines.add(Optional.empty());
  }

  /**
   * Waits for its next line.
   *
   * @throws HawserException (TIMEOUT) when none comes in time, (IO) when it ends instead
   */
  public <T> T read(Class<T> type, Duration timeout) {
    try {
      Optional<String> line = lines.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
      if (line == null) {
        throw new HawserException(
            ErrorCode.TIMEOUT, "the peer process said nothing within " + timeout);
      }
      return line.map(json -> Json.read(json.getBytes(StandardCharsets.UTF_8), type))
          .orElseThrow(
              () ->
                  new HawserException(
                      ErrorCode.IO, "the peer process ended before it had said all"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, "interrupted while the peer works", e);
    }
  }

  /** Where it listens, which it tells with its first line: {@link Listening}. */
  public int port() {
    if (port == 0) {
      port = read(Listening.class, START).port();
    }
    return port;
  }

  public ProcessHandle handle() {
    return process.toHandle();
  }

  /**
   * Waits for its end.
   *
   * @throws HawserException when it failed, or does not end
   */
  public void await(Duration timeout) {
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new HawserException(ErrorCode.TIMEOUT, "the peer process did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HawserException(ErrorCode.CANCELLED, "interrupted while the peer process ends", e);
    }
    if (process.exitValue() != 0) {
      throw new HawserException(
          ErrorCode.IO, "the peer process failed with status " + process.exitValue());
    }
  }

  /** Ends it if it still runs, and shows what it had to say when it failed. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
      if (process.exitValue() != 0) {
        Files.readAllLines(errors).forEach(line -> System.err.println("peer: " + line));
      }
      Files.deleteIfExists(errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
