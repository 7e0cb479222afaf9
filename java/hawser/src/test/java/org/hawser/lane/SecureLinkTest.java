package org.hawser.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.Buffer;
import org.hawser.trust.CertificateAuthority;
import org.hawser.trust.Identity;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Links by identity over four lanes of loopback, and who gets none. */
@Timeout(120)
class SecureLinkTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration BRIEF = Duration.ofSeconds(5);
  private static final Map<Integer, String> NAMES = Map.of(0, "zero", 1, "one");
  private static final int BYTES = 3 << 20;

  @TempDir Path folder;
  private CertificateAuthority ours;
  private CertificateAuthority others;

  @BeforeEach
  void makeAuthorities() {
    ours = CertificateAuthority.create("ours", DAY);
    others = CertificateAuthority.create("others", DAY);
  }

  private Identity issue(CertificateAuthority authority, String name) {
    Path place = folder.resolve(authority + name);
    authority.issueInto(place, name, List.of(name), DAY);
    return Identity.load(place);
  }

  private static LaneOptions with(Identity identity, int rank) {
    return Pair.OPTIONS.withIdentity(identity.withPeers(NAMES)).withRank(rank);
  }

  private static void transfer(Link from, Link to, long seed) {
    try (Buffer sent = Pair.pattern(BYTES, seed);
        Buffer received = Buffer.allocate(BYTES)) {
      var coming = to.receive(received.segment(), seed);
      from.send(sent.segment(), seed).await(Pair.SOON);
      assertEquals(BYTES, coming.await(Pair.SOON));
      assertEquals(-1, sent.segment().mismatch(received.segment()));
    }
  }

  /** Connects once; both ends' links, or why there is none. */
  private static List<Link> meet(Lanes left, Lanes right, LaneServer server) {
    var accepted = CompletableFuture.supplyAsync(() -> server.accept(Pair.SOON));
    Link toRight = left.connect("127.0.0.1", server.port(), Pair.SOON);
    return List.of(toRight, accepted.join());
  }

  @Test
  void ranksThatShowWhoTheyAreTalk() {
    try (var left = Lanes.open(with(issue(ours, "zero"), 0));
        var right = Lanes.open(with(issue(ours, "one"), 1));
        var server = right.listen("127.0.0.1", 0)) {
      var links = meet(left, right, server);
      transfer(links.get(0), links.get(1), 1);
      transfer(links.get(1), links.get(0), 2);
      links.forEach(Link::close);
    }
  }

  @Test
  void aRankSpeaksAsItselfAlone() {
    try (var left = Lanes.open(with(issue(ours, "zero"), 1)); // Which is not its rank.
        var right = Lanes.open(with(issue(ours, "one"), 0));
        var server = right.listen("127.0.0.1", 0)) {
      refused(left, server, "rank");
    }
  }

  @Test
  void strangersGetNoLink() {
    try (var stranger = Lanes.open(with(issue(others, "zero"), 0));
        var clear = Lanes.open(Pair.OPTIONS);
        var right = Lanes.open(with(issue(ours, "one"), 1));
        var server = right.listen("127.0.0.1", 0)) {
      refused(stranger, server, "");
      refused(clear, server, "");
      try (var left = Lanes.open(with(issue(ours, "zero"), 0))) {
        var links = meet(left, right, server);
        transfer(links.get(0), links.get(1), 1);
        links.forEach(Link::close);
      }
    }
  }

  private static void refused(Lanes left, LaneServer server, String word) {
    var accepted =
        CompletableFuture.supplyAsync(
            () -> assertThrows(HawserException.class, () -> server.accept(BRIEF)));
    var failure =
        assertThrows(
            HawserException.class, () -> left.connect("127.0.0.1", server.port(), BRIEF).close());
    assertTrue(failure.getMessage().contains(word), failure.getMessage());
    assertEquals(ErrorCode.TIMEOUT, accepted.join().code());
  }

  @Test
  void aReloadKeepsLinksAndChangesWhoComesNext() throws IOException {
    var changing = issue(ours, "one");
    Path place = folder.resolve(ours + "one");
    try (var left = Lanes.open(with(issue(ours, "zero"), 0));
        var right = Lanes.open(Pair.OPTIONS.withIdentity(changing.withPeers(NAMES)).withRank(1));
        var server = right.listen("127.0.0.1", 0)) {
      var links = meet(left, right, server);
      transfer(links.get(0), links.get(1), 1);
      var later = issue(others, "one");
      for (String name :
          List.of(Identity.CERTIFICATE_FILE, Identity.KEY_FILE, Identity.ROOTS_FILE)) {
        Path from = folder.resolve(others + "one").resolve(name);
        Files.writeString(place.resolve(name), Files.readString(from));
      }
      changing.reload();
      assertEquals(later.chain(), changing.chain());
      transfer(links.get(0), links.get(1), 2);
      refused(left, server, "");
      try (var next = Lanes.open(with(issue(others, "zero"), 0))) {
        var young = meet(next, right, server);
        transfer(young.get(0), young.get(1), 3);
        transfer(links.get(1), links.get(0), 4);
        young.forEach(Link::close);
      }
      links.forEach(Link::close);
    }
  }
}
