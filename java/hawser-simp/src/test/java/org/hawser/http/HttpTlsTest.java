package org.hawser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Message;
import org.hawser.trust.CertificateAuthority;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Parties that show each other certificates, and others that do not get in. */
class HttpTlsTest {
  private static final Duration SOON = Duration.ofSeconds(50);
  private static final Map<Integer, String> NAMES = Map.of(0, "alice", 1, "bob");
  private static final HttpCommunicatorOptions OPTIONS =
      HttpCommunicatorOptions.DEFAULT.withPeerTimeout(Duration.ofSeconds(30));
  private static final HttpCommunicatorOptions IMPATIENT =
      HttpCommunicatorOptions.DEFAULT.withPeerTimeout(Duration.ofSeconds(3));

  @TempDir static Path directory;

  private static Identity alice;
  private static Identity bob;
  private static Identity stranger;

  @BeforeAll
  static void makeCertificates() {
    var ours = CertificateAuthority.create("ours", Duration.ofDays(1));
    alice = issue(ours, "ours", "alice");
    bob = issue(ours, "ours", "bob");
    stranger = issue(CertificateAuthority.create("others", Duration.ofDays(1)), "others", "alice");
  }

  private static Identity issue(CertificateAuthority authority, String folder, String name) {
    Path place = directory.resolve(folder).resolve(name);
    authority.issueInto(place, name, List.of(name, "127.0.0.1"), Duration.ofDays(1));
    return Identity.load(place).withPeers(NAMES);
  }

  private static HttpOptions with(Identity identity) {
    return HttpOptions.DEFAULT.withIdentity(identity);
  }

  /** A message, as a raw connection claims it. */
  private static String claim(int rank) {
    return "Content-Type: %s\r\n%s: %d\r\n%s: 1\r\n"
        .formatted(MediaTypes.BINARY, Wire.FROM_RANK, rank, Wire.IS_RAW_BYTES);
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

  /** All endpoints where somebody says which rank it is: by a header, and by mplang's old body. */
  @ParameterizedTest
  @MethodSource("claims")
  void refusesWhoSpeaksAsAnotherRank(String what, String asRank0, String asRank1) {
    try (var node = HttpNode.open(with(alice));
        var rank0 =
            HttpCommunicator.open(node, 0, List.of(node.address() + "", "127.0.0.1:1"), OPTIONS)) {
      // Bob is rank 1 of the two, and not rank 0 of another world.
      try (var good = RawConnection.secure(node.address(), bob)) {
        assertEquals(200, good.ask(asRank1).status(), what);
      }
      assertEquals(0, rank0.rank());
    }
    try (var node = HttpNode.open(with(bob));
        var rank1 =
            HttpCommunicator.open(node, 1, List.of("127.0.0.1:1", node.address() + ""), OPTIONS);
        var wrong = RawConnection.secure(node.address(), bob)) {
      var answer = wrong.ask(asRank0);
      assertEquals(403, answer.status(), what);
      for (String word : List.of("bob", "rank 0", "alice", "rank 1")) {
        assertTrue(answer.body().contains(word), answer::body);
      }
      assertEquals(1, rank1.rank());
    }
  }

  static Stream<Arguments> claims() {
    return Stream.of(
        claimed("message", rank -> RawConnection.put("key", claim(rank), "x")),
        claimed(
            "mplang's old message",
            rank ->
                RawConnection.put(
                    "key",
                    "Content-Type: application/json\r\n",
                    "{\"from_rank\": %d, \"is_raw_bytes\": true, \"data\": \"eA==\"}"
                        .formatted(rank))),
        claimed(
            "hello",
            rank ->
                "GET %s HTTP/1.1\r\nHost: x\r\n%s: %d\r\n%s: 1\r\n\r\n"
                    .formatted(HttpCommunicator.HELLO, Wire.FROM_RANK, rank, Wire.EPOCH)),
        claimed(
            "farewell",
            rank ->
                "PUT %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: 1\r\n\r\nx"
                    .formatted(HttpCommunicator.FAREWELL, claim(rank))));
  }

  private static Arguments claimed(String what, IntFunction<String> request) {
    return Arguments.of(what, request.apply(0), request.apply(1));
  }

  @Test
  void asksNobodyWhoAnswersAsAnotherRank() {
    // Bob is where Alice should be: what is for her does not reach him.
    try (var node = HttpNode.open(with(bob));
        var driver = HttpClient.open(with(alice), List.of(node.address()))) {
      node.route("GET", "/who", ask -> HttpAnswer.text(200, "text/plain", "mallory"));
      var failure =
          assertThrows(
              ExecutionException.class,
              () -> driver.get(node.address(), "/who", SOON).get(60, TimeUnit.SECONDS));
      var reason = (HawserException) failure.getCause();
      assertEquals(ErrorCode.REFUSED, reason.code(), reason.getMessage());
      assertTrue(reason.getMessage().contains("bob may not speak as rank 0"), reason.getMessage());
    }
    try (var world = new HttpWorld(List.of(with(bob), with(bob)), IMPATIENT);
        Arena arena = Arena.ofShared()) {
      var failure =
          assertThrows(
              HawserException.class,
              () -> world.ranks().get(1).sendSync(0, "key", arena.allocate(8), SOON));
      assertTrue(failure.getMessage().contains("rank 0, which is alice"), failure.getMessage());
    }
  }

  @Test
  void aReloadLetsTheNextInAndKeepsWhatIsOpen() throws Exception {
    Path changing = directory.resolve("changing");
    var before = CertificateAuthority.create("before", Duration.ofDays(1));
    var after = CertificateAuthority.create("after", Duration.ofDays(1));
    before.issueInto(changing, "node", List.of("node", "127.0.0.1"), Duration.ofDays(1));
    var node = Identity.load(changing);
    var old = issue(before, "before", "client");
    var young = issue(after, "after", "client");
    try (HttpNode serving = HttpNode.open(with(node));
        var open = RawConnection.secure(serving.address(), old)) {
      serving.route("GET", "/who", ask -> HttpAnswer.text(200, "text/plain", "node"));
      String request = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";
      assertEquals(200, open.ask(request).status());
      try (var files = Files.list(changing)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      after.issueInto(changing, "node", List.of("node", "127.0.0.1"), Duration.ofDays(1));
      node.reload();
      try (var next = RawConnection.secure(serving.address(), young)) {
        assertEquals(200, next.ask(request).status());
      }
      assertEquals(200, open.ask(request).status());
      assertThrows(
          RuntimeException.class, () -> RawConnection.secure(serving.address(), old).ask(request));
    }
  }

  @Test
  void clearTextListensNowhereElse() {
    var everywhere = HttpOptions.DEFAULT.withAddress("0.0.0.0", 0);
    var failure = assertThrows(HawserException.class, () -> HttpNode.open(everywhere));
    assertEquals(ErrorCode.REFUSED, failure.code());
    assertTrue(failure.getMessage().contains("--insecure"), failure.getMessage());
    HttpNode.open(everywhere.withIdentity(alice)).close();
    HttpNode.open(everywhere.withProtection(new Protection(Optional.empty(), true))).close();
  }

  @Test
  void refusesWhoIsNotTrusted() {
    try (HttpNode node = HttpNode.open(with(alice));
        HttpClient trusted = HttpClient.open(with(bob));
        HttpClient unknown = HttpClient.open(with(stranger));
        HttpClient clear = HttpClient.open(HttpOptions.DEFAULT)) {
      node.route("GET", "/who", ask -> HttpAnswer.text(200, "text/plain", "" + ask.peerNames()));
      assertEquals("[bob]", trusted.get(node.address(), "/who", SOON).join().text());
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
}
