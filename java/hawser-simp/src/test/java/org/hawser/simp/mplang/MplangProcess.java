package org.hawser.simp.mplang;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process of mplang's Python. It is ended, and its files removed, when this is closed. */
final class MplangProcess implements AutoCloseable {
  /** Where {@code scripts/setup --test} has put the real mplang; Maven tells. */
  private static final Path ENVIRONMENT = Path.of(System.getProperty("hawser.mplang", "mplang"));

  private final Path folder;
  private final Path errors;
  private final Process process;
  private final BufferedReader output;

  private MplangProcess(Path folder, List<String> command) throws IOException {
    this.folder = folder;
    this.errors = folder.resolve("stderr");
    // It leaves files wherever it runs.
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.redirectError(errors.toFile());
    builder.environment().put("MPLANG_DATA_ROOT", folder.resolve("data").toString());
    this.process = builder.start();
    this.output = process.inputReader();
  }

  static Path python() {
    return ENVIRONMENT.resolve("bin", "python");
  }

  /** Starts Python with these arguments; a script among the resources of this package is one. */
  static MplangProcess start(List<String> arguments) {
    var command = new ArrayList<>(List.of(python().toString()));
    command.addAll(arguments);
    try {
      return new MplangProcess(Files.createTempDirectory("hawser-mplang-"), command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file of a script among the resources of this package. */
  static String script(String name) {
    return Path.of(MplangProcess.class.getResource(name + ".py").getPath()).toString();
  }

  /** The next line of standard output. */
  String line(Duration limit) {
    String line = within(limit, CompletableFuture.supplyAsync(this::read));
    if (line == null) {
      throw new AssertionError("mplang's process said nothing: " + errors());
    }
    return line;
  }

  private String read() {
    try {
      return output.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Hands the process a line. */
  void tell(String line) {
    try {
      var input = process.outputWriter();
      input.write(line);
      input.newLine();
      input.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(errors(), e);
    }
  }

  /** The rest of what it prints, when it has ended well. */
  List<String> await(Duration limit) {
    List<String> lines =
        within(limit, CompletableFuture.supplyAsync(() -> output.lines().toList()));
    int exit = within(limit, process.onExit()).exitValue();
    if (exit != 0) {
      throw new AssertionError(
          "mplang's process ended with exit code %d: %s".formatted(exit, errors()));
    }
    return lines;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has written to standard error. */
  String errors() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private <T> T within(Duration limit, CompletableFuture<T> outcome) {
    try {
      return outcome.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("mplang's process took longer than " + limit + ": " + errors(), e);
    } catch (ExecutionException e) {
      throw new AssertionError(errors(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
      try (var files = Files.walk(folder)) {
        for (Path file : files.toList().reversed()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
