package org.hawser.launch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Settings;
import org.hawser.trust.CertificateAuthority;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The exchange over TCP between ranks that have to show who they are. */
@Timeout(60)
class SecureRendezvousTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Map<Integer, String> NAMES = Map.of(0, "zero", 1, "one");

  @TempDir static Path folder;

  private static Protection zero;
  private static Protection one;
  private static Protection stranger;
  private int port;

  @BeforeAll
  static void makeCertificates() {
    var ours = CertificateAuthority.create("ours", DAY);
    zero = issue(ours, "ours", "zero");
    one = issue(ours, "ours", "one");
    stranger = issue(CertificateAuthority.create("others", DAY), "others", "one");
  }

  private static Protection issue(CertificateAuthority authority, String where, String name) {
    Path place = folder.resolve(where).resolve(name);
    authority.issueInto(place, name, List.of(name), DAY);
    return Protection.by(Identity.load(place).withPeers(NAMES));
  }

  @BeforeEach
  void choosePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  private Launch join(int rank, Protection protection) {
    return Launch.join(rank, 2, "127.0.0.1:" + port, protection, LIMIT);
  }

  private void exchange(Protection first, Protection second) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor();
        var rank0 = join(0, first);
        var rank1 = join(1, second)) {
      rank1.put("key", new byte[] {1, 2, 3});
      rank1.commit();
      var fence = threads.submit(() -> rank1.fence(LIMIT));
      rank0.fence(LIMIT);
      assertArrayEquals(new byte[] {1, 2, 3}, rank0.get(1, "key", LIMIT));
      fence.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void ranksWithCertificatesMeet() throws Exception {
    exchange(zero, one);
  }

  @Test
  void ranksThatShareAKeyMeet() throws Exception {
    var settings = Settings.of(Map.of("HAWSER_TLS_PSK", "0123456789abcdef0123456789abcdef"));
    exchange(Protection.from(settings), Protection.from(settings));
  }

  @Test
  void aRankSpeaksAsItselfAlone() {
    try (var rank0 = join(0, zero)) {
      var failure = assertThrows(HawserException.class, () -> join(1, zero));
      assertEquals(ErrorCode.REFUSED, failure.code(), failure.getMessage());
      assertTrue(failure.getMessage().contains("zero may not speak as rank 1"), failure::toString);
      assertEquals(0, rank0.rank());
    }
    // Nobody joins a rank 0 that is another.
    var failure = assertThrows(HawserException.class, () -> join(0, one));
    assertEquals(ErrorCode.REFUSED, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains("one may not speak as rank 0"), failure::toString);
  }

  @Test
  void strangersDisturbNobody() throws Exception {
    try (var rank0 = join(0, zero)) {
      for (Protection each : List.of(stranger, Protection.LOCAL)) {
        var failure = assertThrows(HawserException.class, () -> join(1, each));
        assertEquals(ErrorCode.LINK_FAILED, failure.code(), failure.getMessage());
      }
      try (var rank1 = join(1, one)) {
        rank1.put("key", new byte[1]);
        rank1.commit();
        assertArrayEquals(new byte[1], rank0.get(1, "key", LIMIT));
      }
    }
  }

  @Test
  void clearTextStaysOnTheMachine() {
    var failure =
        assertThrows(
            HawserException.class,
            () -> Launch.join(0, 1, "0.0.0.0:" + port, Protection.LOCAL, LIMIT));
    assertEquals(ErrorCode.REFUSED, failure.code());
    assertTrue(failure.getMessage().contains("HAWSER_INSECURE"), failure.getMessage());
  }
}
