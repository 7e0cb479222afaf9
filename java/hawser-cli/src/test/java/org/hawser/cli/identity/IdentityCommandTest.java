package org.hawser.cli.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.hawser.cli.Cli;
import org.hawser.http.HttpNode;
import org.hawser.http.HttpOptions;
import org.hawser.trust.Identity;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class IdentityCommandTest {
  @TempDir private Path folder;
  private Path ours;
  private Path others;

  @BeforeEach
  void make() {
    ours = folder.resolve("ours");
    others = folder.resolve("others");
    run(0, "new", ours.toString(), "--names=alice,bob");
    run(0, "new", others.toString(), "--names=alice");
  }

  private static Cli.Outcome run(int exit, String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "identity";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    var outcome = Cli.here(all);
    assertEquals(exit, outcome.exit(), outcome::toString);
    return outcome;
  }

  /** The one line of a check. */
  private String check(int exit, String who, String... more) {
    String[] arguments = new String[more.length + 2];
    arguments[0] = "check";
    arguments[1] = "--identity=" + ours.resolve(who);
    System.arraycopy(more, 0, arguments, 2, more.length);
    var outcome = run(exit, arguments);
    assertEquals(1, outcome.out().size(), outcome::toString);
    return outcome.out().getFirst();
  }

  @Test
  void newMakesIdentitiesAndAddsToThem() throws Exception {
    var more = run(0, "new", ours.toString(), "--names=carol", "--json").json().getFirst();
    assertEquals("carol", more.get("name").asText());
    assertEquals("good", check(0, "carol"));
    for (String key : List.of("authority.key.pem", "alice/key.pem")) {
      var mode = Files.getPosixFilePermissions(ours.resolve(key));
      assertEquals("rw-------", PosixFilePermissions.toString(mode), key);
    }
    var again = run(1, "new", ours.toString(), "--names=alice");
    assertTrue(again.err().contains("alice"), again::toString);
  }

  @Test
  void showSaysWhoseItIs() {
    var shown = run(0, "show", ours.resolve("bob").toString(), "--json").json().getFirst();
    assertEquals("CN=bob", shown.get("subject").asText());
    assertEquals("[\"bob\",\"localhost\"]", shown.get("names").toString());
    assertEquals("CN=Hawser test authority", shown.get("issuer").asText());
    assertEquals(95, shown.get("sha256").asText().length());
    String text = String.join("\n", run(0, "show", ours.resolve("bob").toString()).out());
    assertTrue(text.contains("good until") && !text.contains("KEY"), text);
    run(2, "show", ours.resolve("bob/key.pem").toString());
  }

  @Test
  void checkSaysWhyNot() throws Exception {
    assertEquals("good", check(0, "alice"));
    String wrong = check(1, "alice", "--peers=0=alice,1=bob", "--peer-of=1");
    assertTrue(wrong.contains("alice, localhost may not speak as rank 1, which is bob"), wrong);
    assertEquals("good", check(0, "alice", "--peers=0=alice,1=bob", "--peer-of=0"));
    Files.copy(
        others.resolve("alice/roots.pem"),
        ours.resolve("bob/roots.pem"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    // Both authorities have one name: it is the signature that does not fit.
    assertTrue(check(1, "bob").startsWith("refused: the certificate of CN=bob"));
    Files.delete(ours.resolve("bob/key.pem"));
    assertTrue(check(1, "bob").contains("key.pem: there is no such file"));
    var json = run(1, "check", "--identity=" + ours.resolve("bob"), "--json").json().getFirst();
    assertFalse(json.get("good").asBoolean());
  }

  @Test
  void checkAsksWhoListens() throws Exception {
    var alice = Identity.load(ours.resolve("alice"));
    try (var node = HttpNode.open(HttpOptions.DEFAULT.withIdentity(alice))) {
      String address = node.address().toString();
      assertEquals("good", check(0, "bob", address));
      String wrong = check(1, "bob", "--peers=0=alice,1=bob", "--peer-of=1", address);
      assertTrue(wrong.startsWith("refused: this end refuses it: a certificate for alice"), wrong);
      var stranger =
          run(
              1,
              "check",
              "--certificate=" + others.resolve("alice/certificate.pem"),
              "--key=" + others.resolve("alice/key.pem"),
              "--roots=" + ours.resolve("alice/roots.pem"),
              address);
      assertTrue(
          stranger.out().getFirst().startsWith("refused: the other end refuses this certificate"),
          stranger::toString);
      var unknown = run(1, "check", "--identity=" + others.resolve("alice"), address);
      assertTrue(
          unknown.out().getFirst().startsWith("refused: this end refuses it"), unknown::toString);
    }
    try (var clear = HttpNode.open(HttpOptions.DEFAULT)) {
      String answer = check(1, "bob", clear.address().toString());
      assertTrue(answer.contains("no TLS"), answer);
    }
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertTrue(check(1, "bob", "127.0.0.1:" + port).contains("nobody answers"));
  }
}
