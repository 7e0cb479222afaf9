package org.hawser.cli.perf;

import static org.hawser.cli.Cli.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.hawser.cli.Cli;
import org.hawser.trust.CertificateAuthority;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hawser perf} between processes that show each other who they are. */
class SecurePerfTest {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir static Path folder;

  @BeforeAll
  static void makeIdentities() {
    var ours = CertificateAuthority.create("ours", DAY);
    for (String name : List.of("server", "client")) {
      ours.issueInto(folder.resolve(name), name, List.of(name), DAY);
    }
    CertificateAuthority.create("others", DAY)
        .issueInto(folder.resolve("stranger"), "client", List.of("client"), DAY);
    for (String key : List.of("key", "other")) {
      var made = Cli.here("identity", "new", "--psk-file=" + folder.resolve(key));
      assertEquals(0, made.exit(), made::toString);
    }
  }

  private static Cli listen(String... options) throws Exception {
    var arguments = Stream.of("perf", "--listen", "--bind=127.0.0.1", "--port=0", "--json");
    return Cli.start(LOOPBACK, Stream.concat(arguments, Stream.of(options)).toArray(String[]::new));
  }

  private static Cli.Outcome measure(int port, String... options) throws Exception {
    var arguments =
        Stream.of("perf", "127.0.0.1:" + port, "--sizes=8,1M", "--seconds=0.3", "--json");
    return Cli.run(
        LOOPBACK, LIMIT, Stream.concat(arguments, Stream.of(options)).toArray(String[]::new));
  }

  private static String identity(String name) {
    return "--identity=" + folder.resolve(name);
  }

  private static void assertMeasured(Cli.Outcome outcome) {
    assertEquals(0, outcome.exit(), outcome::toString);
    assertEquals(2, outcome.json().size(), outcome::toString);
    assertTrue(
        outcome.json().stream().allMatch(result -> result.get("verified").asBoolean()),
        outcome::toString);
  }

  @Test
  void certificatesLetOneInAndStrangersDisturbNobody() throws Exception {
    try (var server = listen(identity("server"))) {
      int port = server.port();
      assertMeasured(measure(port, identity("client")));
      for (String[] options : List.of(new String[] {identity("stranger")}, new String[0])) {
        var refused = measure(port, options);
        assertEquals(1, refused.exit(), refused::toString);
        assertEquals(List.of(), refused.json());
      }
      assertMeasured(measure(port, identity("client")));
    }
  }

  @Test
  void aKeyLetsOneIn() throws Exception {
    String key = "--psk-file=" + folder.resolve("key");
    try (var server = listen(key)) {
      int port = server.port();
      assertMeasured(measure(port, key));
      var refused = measure(port, "--psk-file=" + folder.resolve("other"));
      assertEquals(1, refused.exit(), refused::toString);
    }
  }

  @Test
  void aProcessThatItStartsHasTheSameIdentity() throws Exception {
    assertMeasured(
        Cli.run(
            LOOPBACK,
            LIMIT,
            "perf",
            "--local",
            "--sizes=8,1M",
            "--seconds=0.3",
            "--json",
            identity("server")));
  }
}
