package org.hawser.cli.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.hawser.Setting;
import org.hawser.cli.Cli;
import org.hawser.ffi.SpuLibrary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What README.md says is so. */
class ReadmeTest {
  private static final Path README = Path.of("..", "..", "README.md");
  private static final Path EXAMPLES = Path.of("src/test/java/org/hawser/cli/readme");
  private static final Duration LIMIT = Duration.ofSeconds(40);

  @ParameterizedTest
  @CsvSource({"1, Example.java", "2, Millionaires.java", "3, Hospitals.java", "4, Ports.java"})
  void examplesAreThoseThatAreCompiled(int which, String file) throws IOException {
    String code = Files.readString(README).split("```java\n")[which].split("```", 2)[0];
    String source = Files.readString(EXAMPLES.resolve(file)).replaceFirst("^package .*;\n\n", "");
    assertEquals(source, code);
  }

  @Test
  void millionairesLearnWhoIsRicher() throws Exception {
    assumeTrue(SpuLibrary.isAvailable());
    try (var run = Cli.start(Cli.LOOPBACK, example(Millionaires.class, 0))) {
      var ended = run.await(LIMIT);
      assertEquals(0, ended.exit(), ended::toString);
      assertEquals("[true, false, false]", ended.out().getLast());
    }
  }

  @Test
  void hospitalsLearnWhereTheyHaveFewer() throws Exception {
    assumeTrue(SpuLibrary.isAvailable());
    try (var run = Cli.start(Cli.LOOPBACK, example(Hospitals.class, 0))) {
      var ended = run.await(LIMIT);
      assertEquals(0, ended.exit(), ended::toString);
      assertEquals("[false, true, true]", ended.out().getLast());
    }
  }

  @Test
  void exampleRuns() throws Exception {
    int port;
    try (var socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    try (var receiver = Cli.start(Cli.LOOPBACK, example(Example.class, port))) {
      try (var sender = Cli.start(Cli.LOOPBACK, example(Example.class, port, "127.0.0.1"))) {
        var sent = sender.await(LIMIT);
        assertEquals(0, sent.exit(), sent::toString);
        long bytes =
            sent.out().stream().mapToLong(line -> Long.parseLong(line.split(" ")[1])).sum();
        assertTrue(sent.out().size() == 4 && bytes >= 64 << 20, sent::toString);
      }
      var received = receiver.await(LIMIT);
      assertEquals(0, received.exit(), received::toString);
      assertTrue(received.out().getFirst().startsWith("67108864 bytes from "), received::toString);
    }
  }

  @Test
  void portsPutIntoEachOthersMemory() throws Exception {
    String point;
    try (var socket = new ServerSocket(0)) {
      point = "127.0.0.1:" + socket.getLocalPort();
    }
    try (var first = Cli.start(rank(0, point), example(Ports.class, 0));
        var second = Cli.start(rank(1, point), example(Ports.class, 0))) {
      assertEquals(List.of("43"), first.await(LIMIT).out());
      assertEquals(List.of("42"), second.await(LIMIT).out());
    }
  }

  private static Map<String, String> rank(int rank, String point) {
    return Map.of(
        "HAWSER_LANES",
        "lo",
        "HAWSER_RANK",
        Integer.toString(rank),
        "HAWSER_SIZE",
        "2",
        "HAWSER_RENDEZVOUS",
        point);
  }

  private static List<String> example(Class<?> main, int port, String... arguments)
      throws Exception {
    return Cli.program(main, List.of("-Dport=" + port), arguments);
  }

  @Test
  void everySettingIsListedWithItsMeaning() throws IOException {
    String readme = Files.readString(README);
    for (Setting setting : Setting.values()) {
      String row = "| `%s` | %s |".formatted(setting.variable(), setting.meaning());
      assertTrue(readme.contains(row), () -> "README.md lacks: " + row);
    }
  }

  @Test
  void everyCommandIsListed() throws IOException {
    String readme = Files.readString(README);
    Stream.of(
            "perf",
            "port",
            "send",
            "receive",
            "spu run",
            "spu bench",
            "worker",
            "simp run",
            "simp bench",
            "doctor",
            "stat",
            "demo")
        .forEach(name -> assertTrue(readme.contains("| `hawser " + name), name));
  }
}
