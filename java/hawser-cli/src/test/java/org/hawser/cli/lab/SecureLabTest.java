package org.hawser.cli.lab;

import static org.hawser.cli.lab.Lab.HOST_B;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.hawser.cli.Cli;
import org.hawser.trust.CertificateAuthority;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether bytes go from one host to another: by identity, or because the operator says so. */
@Tag("lab")
class SecureLabTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Map<String, String> CAREFUL = Map.of("HAWSER_INSECURE", "0");

  @TempDir private Path folder;

  private static Cli listen(Lab lab, Map<String, String> variables, String... options)
      throws Exception {
    var server = lab.start("b", variables, with(options, "perf", "--listen", "--json"));
    server.port();
    return server;
  }

  private static Cli.Outcome measure(Lab lab, Map<String, String> variables, String... options)
      throws Exception {
    String[] all = with(options, "perf", HOST_B, "--sizes=1M", "--seconds=0.5", "--json");
    try (var client = lab.start("a", variables, all)) {
      return client.await(LIMIT);
    }
  }

  private static String[] with(String[] options, String... arguments) {
    return Stream.of(arguments, options).flatMap(Arrays::stream).toArray(String[]::new);
  }

  private String identity(CertificateAuthority authority, String name) {
    Path place = folder.resolve(authority + name);
    authority.issueInto(place, name, List.of(name), DAY);
    return "--identity=" + place;
  }

  @Test
  void clearTextStaysOnTheMachineUnlessTheOperatorSaysOtherwise() throws Exception {
    try (var lab = Lab.up("none")) {
      try (var server = listen(lab, CAREFUL)) {
        var refused = measure(lab, CAREFUL);
        assertEquals(1, refused.exit(), refused::toString);
        for (String word : List.of("in the clear", HOST_B, "--insecure", "HAWSER_INSECURE=1")) {
          assertTrue(refused.err().contains(word), refused::toString);
        }
        // One end alone cannot decide it.
        assertEquals(1, measure(lab, CAREFUL, "--insecure").exit());
        assertTrue(server.isRunning());
      }
      try (var server = listen(lab, CAREFUL, "--insecure")) {
        var measured = measure(lab, CAREFUL, "--insecure");
        assertEquals(0, measured.exit(), measured::toString);
        assertTrue(measured.err().contains("clear text may go"), measured::toString);
        assertTrue(server.isRunning());
      }
    }
  }

  @Test
  void anIdentityTakesEveryLane() throws Exception {
    var ours = CertificateAuthority.create("ours", DAY);
    try (var lab = Lab.up("none");
        var server = listen(lab, CAREFUL, identity(ours, "b"))) {
      var measured = measure(lab, CAREFUL, identity(ours, "a"));
      assertEquals(0, measured.exit(), measured::toString);
      var result = measured.json().getFirst();
      assertTrue(result.get("verified").asBoolean());
      assertTrue(
          result.get("lanes").valueStream().allMatch(lane -> lane.get("bytes").asLong() > 0),
          result::toString);
      var others = CertificateAuthority.create("others", DAY);
      assertEquals(1, measure(lab, CAREFUL, identity(others, "a")).exit());
      assertTrue(server.isRunning());
    }
  }
}
