package org.hawser.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Settings;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an identity is made of, whom it lets in, and that it tells nobody its key. */
@Timeout(60)
class IdentityTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final String KEY = "0123456789abcdef0123456789abcdef";

  @TempDir static Path folder;

  private static CertificateAuthority ours;

  @BeforeAll
  static void makeCertificates() {
    ours = CertificateAuthority.create("ours", DAY);
    ours.issueInto(folder.resolve("alice"), "alice", List.of("alice", "127.0.0.1"), DAY);
    ours.issueInto(folder.resolve("bob"), "bob", List.of("bob", "spiffe://x/bob"), DAY);
    ours.issueInto(folder.resolve("old"), "old", List.of("old"), DAY.negated());
    CertificateAuthority.create("others", DAY)
        .issueInto(folder.resolve("stranger"), "alice", List.of("alice", "127.0.0.1"), DAY);
  }

  private static Identity identity(String name) {
    return Identity.load(folder.resolve(name));
  }

  private static Identity preShared(String key) {
    return Identity.from(Settings.of(Map.of("HAWSER_TLS_PSK", key))).orElseThrow();
  }

  private static HawserException invalid(Runnable call, String... words) {
    var failure = assertThrows(HawserException.class, call::run);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
    return failure;
  }

  @Test
  void twoThatTrustTheSameRootTalk() throws Exception {
    try (var meeting = Meeting.of(identity("bob"), identity("alice"), "127.0.0.1", -1)) {
      assertEquals("hello", meeting.say("hello"));
      assertEquals("TLSv1.3", meeting.client().getSession().getProtocol());
      assertEquals(List.of("alice"), PeerNames.of(meeting.client().getSession()));
      assertEquals(List.of("bob", "spiffe://x/bob"), PeerNames.of(meeting.server().getSession()));
    }
  }

  @Test
  void strangersAreRefusedAtEitherEnd() {
    for (var pair : List.of(List.of("alice", "stranger"), List.of("stranger", "alice"))) {
      assertThrows(
          ExecutionException.class,
          () ->
              Meeting.of(identity(pair.get(0)), identity(pair.get(1)), "127.0.0.1", -1)
                  .say("hello"));
    }
  }

  @Test
  void aHostCountsOnlyWhereNoRankHasAName() throws Exception {
    // Bob's certificate has no address.
    assertThrows(
        ExecutionException.class,
        () -> Meeting.of(identity("alice"), identity("bob"), "127.0.0.1", -1).say("hello"));
    var knowing = identity("alice").withPeers(Map.of(0, "alice", 1, "bob"));
    try (var meeting = Meeting.of(knowing, identity("bob"), "127.0.0.1", 1)) {
      assertEquals("hello", meeting.say("hello"));
      assertEquals(Optional.empty(), knowing.refusal(1, meeting.client().getSession()));
      assertTrue(knowing.refusal(0, meeting.client().getSession()).isPresent());
    }
  }

  @Test
  void ranksAreWhatTheirCertificatesSay() {
    var names = identity("alice").withPeers(Map.of(0, "alice", 1, "bob"));
    assertEquals(Optional.empty(), names.refusal(1, List.of("x", "bob")));
    assertEquals(
        "a certificate for bob may not speak as rank 0, which is alice",
        names.refusal(0, List.of("bob")).orElseThrow());
    assertTrue(names.refusal(2, List.of("bob")).orElseThrow().contains("no name among the peers"));
    assertEquals(Optional.empty(), identity("alice").refusal(7, List.of()));
  }

  @Test
  void itSaysWhyAChainIsRefused() {
    var alice = identity("alice").withPeers(Map.of(1, "bob"));
    var bob = identity("bob").chain();
    assertEquals(Optional.empty(), alice.refusal(bob, 1));
    assertTrue(alice.refusal(bob, 0).orElseThrow().contains("rank 0"));
    String stranger = alice.refusal(identity("stranger").chain(), -1).orElseThrow();
    assertTrue(stranger.contains("CN=others") && stranger.contains("no root"), stranger);
    var old = ours.issue("late", List.of("bob"), DAY.negated());
    String late = alice.refusal(List.of(old.certificate()), 1).orElseThrow();
    assertTrue(late.contains("CN=late has run out at"), late);
  }

  @Test
  void aReloadChangesWhoIsLetInAndKeepsWhatIsOpen() throws Exception {
    Path changing = folder.resolve("changing");
    ours.issueInto(changing, "carol", List.of("carol", "127.0.0.1"), DAY);
    var carol = Identity.load(changing);
    var named = carol.withPeers(Map.of(0, "bob"));
    try (var before = Meeting.of(identity("bob"), carol, "127.0.0.1", -1)) {
      var serial = carol.chain().getFirst().getSerialNumber();
      replace(folder.resolve("stranger"), changing);
      named.reload();
      assertNotEquals(serial, carol.chain().getFirst().getSerialNumber());
      assertThrows(
          ExecutionException.class,
          () -> Meeting.of(identity("bob"), carol, "127.0.0.1", -1).say("hello"));
      assertEquals("still here", before.say("still here"));
      Files.writeString(changing.resolve(Identity.CERTIFICATE_FILE), "nothing");
      invalid(carol::reload, changing.toString(), "certificate in PEM");
      try (var after = Meeting.of(identity("stranger"), carol, "127.0.0.1", -1)) {
        assertEquals("as before", after.say("as before"));
      }
    }
  }

  private static void replace(Path from, Path to) throws IOException {
    for (String name : List.of(Identity.CERTIFICATE_FILE, Identity.KEY_FILE, Identity.ROOTS_FILE)) {
      Files.writeString(to.resolve(name), Files.readString(from.resolve(name)));
    }
  }

  @Test
  void whoSharesAKeyTalksAndNobodyElse() throws Exception {
    try (var meeting = Meeting.of(preShared(KEY), preShared(KEY + "\n"), "127.0.0.1", 3)) {
      assertEquals("hello", meeting.say("hello"));
    }
    for (Identity other : List.of(preShared(KEY + "0"), identity("alice"))) {
      assertThrows(
          ExecutionException.class,
          () -> Meeting.of(other, preShared(KEY), "127.0.0.1", -1).say("hello"));
    }
    invalid(() -> preShared(KEY).withPeers(Map.of(0, "alice")), "any rank");
  }

  @Test
  void aSharedKeyGivesOneAuthorityWhereverItIsDerived() {
    var first = PreSharedKey.of(KEY, "test").authority();
    var second = PreSharedKey.of(KEY, "test").authority();
    assertEquals(first.getPublic(), second.getPublic());
    assertNotEquals(first.getPublic(), PreSharedKey.of(KEY + "x", "test").authority().getPublic());
    // Each node's own certificate is another.
    assertNotEquals(preShared(KEY).chain(), preShared(KEY).chain());
  }

  @Test
  void keysAreInNoText() throws Exception {
    String secret = "secret";
    Path file = folder.resolve("short.psk");
    SecretFile.write(file, secret);
    var failures =
        List.of(
            invalid(() -> Identity.preShared(file), file.toString(), "less than 32"),
            invalid(() -> preShared(secret), "HAWSER_TLS_PSK"),
            invalid(
                () ->
                    Identity.load(
                        folder.resolve("alice/certificate.pem"),
                        file,
                        folder.resolve("alice/roots.pem")),
                "no private key"));
    for (Throwable each : failures) {
      for (Throwable at = each; at != null; at = at.getCause()) {
        assertFalse(String.valueOf(at).contains(secret), at::toString);
      }
    }
    assertEquals("pre-shared key of HAWSER_TLS_PSK", preShared(KEY).toString());
    assertEquals("CN=x", ours.issue("x", List.of(), DAY).toString());
    assertFalse(preShared(KEY).chain().toString().contains(KEY));
  }

  @Test
  void filesThatCannotBeUsedAreNamed() {
    Path alice = folder.resolve("alice");
    invalid(() -> Identity.load(folder.resolve("nobody")), "nobody", "hawser identity new");
    invalid(
        () ->
            Identity.load(
                alice.resolve("none"), alice.resolve("key.pem"), alice.resolve("roots.pem")),
        "certificate",
        "none",
        "no such file");
    invalid(
        () ->
            Identity.load(
                alice.resolve("certificate.pem"),
                folder.resolve("bob/key.pem"),
                alice.resolve("roots.pem")),
        "bob/key.pem",
        "not that of");
    invalid(() -> identity("old"), "has run out at");
  }

  @Test
  void keysOfFormsThatAreNotReadAreSaid() throws Exception {
    Path key = folder.resolve("sec1.pem");
    SecretFile.write(key, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
    Path alice = folder.resolve("alice");
    invalid(
        () -> Identity.load(alice.resolve("certificate.pem"), key, alice.resolve("roots.pem")),
        "openssl pkcs8");
  }

  @Test
  void aKeyIsItsOwnersAlone() throws Exception {
    Path key = folder.resolve("alice").resolve(Identity.KEY_FILE);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    Path open = Files.copy(key, folder.resolve("open.pem"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    Path alice = folder.resolve("alice");
    invalid(
        () -> Identity.load(alice.resolve("certificate.pem"), open, alice.resolve("roots.pem")),
        "open.pem",
        "chmod 600");
  }

  @Test
  void settingsSayWhichIdentity() {
    Path alice = folder.resolve("alice");
    Map<String, String> variables = new HashMap<>();
    assertEquals(Optional.empty(), Identity.from(Settings.of(variables)));
    variables.put("HAWSER_TLS_CERTIFICATE", alice.resolve("certificate.pem").toString());
    invalid(() -> Identity.from(Settings.of(variables)), "HAWSER_TLS_KEY", "HAWSER_TLS_ROOTS");
    variables.put("HAWSER_TLS_KEY", alice.resolve("key.pem").toString());
    variables.put("HAWSER_TLS_ROOTS", alice.resolve("roots.pem").toString());
    variables.put("HAWSER_TLS_PEERS", "0=alice, 1=spiffe://x/bob");
    assertEquals(
        Map.of(0, "alice", 1, "spiffe://x/bob"),
        Identity.from(Settings.of(variables)).orElseThrow().peers());
    variables.put("HAWSER_TLS_PEERS", "0=alice,0=bob");
    invalid(() -> Identity.from(Settings.of(variables)), "HAWSER_TLS_PEERS");
    variables.put("HAWSER_TLS_PSK_FILE", "x");
    invalid(() -> Identity.from(Settings.of(variables)), "set one of them, not 2");
    invalid(
        () -> Identity.from(Settings.of(Map.of("HAWSER_TLS_PEERS", "0=alice"))),
        "without a certificate");
  }

  @Test
  void clearTextStaysOnTheMachineUnlessTheOperatorSaysOtherwise() throws Exception {
    var elsewhere = InetAddress.ofLiteral("192.0.2.1");
    var failure =
        assertThrows(
            HawserException.class, () -> Protection.LOCAL.require(elsewhere, "the test's link"));
    assertEquals(ErrorCode.REFUSED, failure.code());
    for (String word : List.of("the test's link", "192.0.2.1", "--insecure", "HAWSER_INSECURE=1")) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
    Protection.LOCAL.require(InetAddress.getLoopbackAddress(), "the test's link");
    Protection.from(Settings.of(Map.of("HAWSER_INSECURE", "1"))).require(elsewhere, "x");
    Protection.by(identity("alice")).require(elsewhere, "x");
    invalid(() -> Protection.from(Settings.of(Map.of("HAWSER_INSECURE", "yes"))), "0 or 1");
  }
}
