package org.hawser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.certificates.Certificates;
import org.hawser.comm.Message;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parties that show each other certificates, and others that do not get in. */
class HttpTlsTest {
  private static final Duration SOON = Duration.ofSeconds(50);
  private static final Map<Integer, String> NAMES = Map.of(0, "alice", 1, "bob");
  private static final HttpCommunicatorOptions OPTIONS =
      HttpCommunicatorOptions.DEFAULT.withPeerTimeout(Duration.ofSeconds(30));

  @TempDir static Path directory;
  @TempDir static Path elsewhere;

  private static HttpTls alice;
  private static HttpTls bob;
  private static HttpTls stranger;

  @BeforeAll
  static void makeCertificates() {
    var certificates = new Certificates(directory);
    alice = certificates.tls("alice", NAMES);
    bob = certificates.tls("bob", NAMES);
    stranger = new Certificates(elsewhere).tls("alice", NAMES);
  }

  private static HttpOptions with(HttpTls tls) {
    return HttpOptions.DEFAULT.withTls(tls);
  }

  @Test
  void carriesMessages() {
    try (var world = new HttpWorld(List.of(with(alice), with(bob)), OPTIONS);
        Arena arena = Arena.ofShared()) {
      for (long bytes : new long[] {0, 8, 100_000, 20 << 20}) {
        MemorySegment segment = arena.allocate(bytes);
        segment.fill((byte) 7);
        world.ranks().get(0).sendSync(1, "there", segment, SOON);
        try (Message message = world.ranks().get(1).recv(0, "there", SOON)) {
          assertEquals(-1, segment.mismatch(message.segment()));
        }
        world.ranks().get(1).sendSync(0, "back", segment, SOON);
        world.ranks().get(0).recv(1, "back", SOON).close();
      }
      assertTrue(world.ranks().get(0).isHawser(1));
    }
  }

  @Test
  void refusesWhoSpeaksAsAnotherRank() {
    // Bob's certificate is good, but rank 0 is Alice.
    try (var world = new HttpWorld(List.of(with(bob), with(bob)), OPTIONS);
        Arena arena = Arena.ofShared()) {
      var failure =
          assertThrows(
              HawserException.class,
              () -> world.ranks().get(0).sendSync(1, "key", arena.allocate(8), SOON));
      assertEquals(ErrorCode.REFUSED, failure.code(), failure.getMessage());
      for (String word : List.of("403", "bob", "rank 0", "rank 1")) {
        assertTrue(failure.getMessage().contains(word), failure.getMessage());
      }
    }
  }

  @Test
  void refusesWhoIsNotTrusted() {
    try (HttpNode node = HttpNode.open(with(alice));
        HttpClient trusted = HttpClient.open(with(bob));
        HttpClient unknown = HttpClient.open(with(stranger));
        HttpClient clear = HttpClient.open(HttpOptions.DEFAULT)) {
      node.route("GET", "/who", ask -> HttpAnswer.text(200, "text/plain", "" + ask.peerNames()));
      assertEquals("[127.0.0.1, bob]", trusted.get(node.address(), "/who", SOON).join().text());
      for (HttpClient each : List.of(unknown, clear)) {
        var failure =
            assertThrows(
                ExecutionException.class,
                () -> each.get(node.address(), "/who", SOON).get(60, TimeUnit.SECONDS));
        var reason = (HawserException) failure.getCause();
        assertEquals(ErrorCode.LINK_FAILED, reason.code(), reason.getMessage());
        assertTrue(reason.getMessage().contains(node.address().toString()), reason.getMessage());
      }
      assertEquals(200, trusted.get(node.address(), "/who", SOON).join().status());
    }
  }

  @Test
  void saysWhichFilesItCannotUse() {
    var missing = new HttpTls(directory.resolve("none"), alice.key(), alice.roots(), NAMES);
    var failure = assertThrows(HawserException.class, () -> HttpNode.open(with(missing)));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains("none"), failure.getMessage());
  }

  @Test
  void letsNobodySpeakAsARankWithoutAName() {
    assertTrue(alice.maySpeakAs(1, List.of("127.0.0.1", "bob")));
    assertEquals(false, alice.maySpeakAs(0, List.of("bob")));
    assertEquals(false, alice.maySpeakAs(2, List.of("bob")));
  }
}
