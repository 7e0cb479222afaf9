package org.hawser.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.trust.Protection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The exchange over TCP, its ranks being threads of this process; {@link ClusterTest} has real
 * ones.
 */
@Timeout(60)
class RendezvousTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(300);

  private final ExecutorService ranks = Executors.newVirtualThreadPerTaskExecutor();
  private int port;

  @BeforeEach
  void choosePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  @AfterEach
  void endRanks() {
    ranks.shutdownNow();
  }

  private Launch join(int rank, int size, Duration timeout) {
    var variables =
        Map.of(
            "HAWSER_RANK", Integer.toString(rank),
            "HAWSER_SIZE", Integer.toString(size),
            "HAWSER_RENDEZVOUS", "127.0.0.1:" + port);
    return Launch.detect(variables, Protection.LOCAL, timeout).orElseThrow();
  }

  private Launch join(int rank, int size) {
    return join(rank, size, LONG);
  }

  private static HawserException fails(ErrorCode code, Runnable call) {
    var e = assertThrows(HawserException.class, call::run);
    assertEquals(code, e.code(), e::getMessage);
    return e;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void everyRankGetsWhatEveryRankPut() throws Exception {
    int size = 8;
    var answers = new ArrayList<Future<String>>();
    for (int rank = size - 1; rank >= 0; rank--) {
      int me = rank;
      answers.add(ranks.submit(() -> exchangeThrice(me, size)));
    }
    for (var answer : answers) {
      assertEquals("0.0 1.0 2.0 0.1 1.1 2.1", answer.get(40, TimeUnit.SECONDS).substring(0, 23));
    }
  }

  private String exchangeThrice(int me, int size) {
    var seen = new ArrayList<String>();
    try (var launch = join(me, size)) {
      for (int round = 0; round < 2; round++) {
        launch.put("key" + round, bytes(me + "." + round));
        launch.commit();
        launch.fence(LONG);
        for (int peer = 0; peer < 3; peer++) {
          seen.add(text(launch.get(peer, "key" + round, LONG)));
        }
      }
    }
    return String.join(" ", seen);
  }

  @Test
  void getWaitsForALateCommitWithoutAFence() throws Exception {
    try (var zero = join(0, 2);
        var one = join(1, 2)) {
      var answer = ranks.submit(() -> text(zero.get(1, "late", LONG)));
      Thread.sleep(200);
      one.put("late", bytes("here"));
      assertTrue(!answer.isDone(), "what is not committed must not be seen");
      one.commit();
      assertEquals("here", answer.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void aMissedFenceNamesWhoIsMissingAndMayBeTriedAgain() throws Exception {
    try (var zero = join(0, 3);
        var one = join(1, 3);
        var two = join(2, 3)) {
      var waiting = ranks.submit(() -> fails(ErrorCode.TIMEOUT, () -> one.fence(SHORT)));
      var missed = fails(ErrorCode.TIMEOUT, () -> zero.fence(SHORT)).getMessage();
      waiting.get(10, TimeUnit.SECONDS);
      assertTrue(missed.startsWith("rank 0 of 3") && missed.contains("2 did not come"), missed);
      var again =
          List.of(ranks.submit(() -> zero.fence(LONG)), ranks.submit(() -> one.fence(LONG)));
      two.fence(LONG);
      for (var fence : again) {
        fence.get(10, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void aGetHasADeadline() {
    try (var zero = join(0, 1)) {
      var e = fails(ErrorCode.TIMEOUT, () -> zero.get(0, "never", SHORT));
      assertTrue(e.getMessage().contains("rank 0 did not commit never"), e.getMessage());
    }
  }

  @Test
  void aRankThatLeavesEndsTheOthersWaits() throws Exception {
    try (var zero = join(0, 2)) {
      var fence = ranks.submit(() -> fails(ErrorCode.LINK_FAILED, () -> zero.fence(LONG)));
      Thread.sleep(100);
      join(1, 2).close();
      assertTrue(fence.get(5, TimeUnit.SECONDS).getMessage().contains("rank 1 left"));
      fails(ErrorCode.LINK_FAILED, () -> zero.get(1, "never", LONG));
    }
  }

  @Test
  void aRankThatIsLostWhileItWaitsEndsTheOthersWaits() throws Exception {
    try (var zero = join(0, 3);
        var one = join(1, 3)) {
      var lost = ranks.submit(() -> one.get(2, "never", LONG));
      var told = ranks.submit(() -> fails(ErrorCode.LINK_FAILED, () -> zero.get(1, "never", LONG)));
      Thread.sleep(200);
      lost.cancel(true); // The JDK closes the socket on which an interrupted thread waits.
      assertTrue(told.get(10, TimeUnit.SECONDS).getMessage().contains("rank 1 left"));
    }
  }

  @Test
  void afterCloseNothingIsSaid() {
    var zero = join(0, 1);
    zero.close();
    zero.close();
    fails(ErrorCode.CLOSED, () -> zero.fence(SHORT));
  }

  @Test
  void strangersAreDroppedAndDisturbNobody() throws Exception {
    try (var zero = join(0, 2)) {
      try (var silent = new Socket(InetAddress.getLoopbackAddress(), port)) {
        var random = new Random(1);
        for (int i = 0; i < 20; i++) {
          var garbage = new byte[1 + random.nextInt(200)];
          random.nextBytes(garbage);
          try (var stranger = new Socket(InetAddress.getLoopbackAddress(), port)) {
            stranger.setSoTimeout(8_000);
            stranger.getOutputStream().write(garbage);
            stranger.shutdownOutput();
            assertEquals(-1, endOf(stranger), "a stranger gets no answer");
          }
        }
        var missed = fails(ErrorCode.TIMEOUT, () -> zero.fence(SHORT)).getMessage();
        assertTrue(missed.contains("dropped 20 connections"), missed);
        try (var one = join(1, 2)) {
          var fence = ranks.submit(() -> one.fence(LONG));
          zero.fence(LONG);
          fence.get(10, TimeUnit.SECONDS);
        }
        assertTrue(silent.isConnected());
      }
    }
  }

  @Test
  void aCrowdOfStrangersPushesItsOwnOldestOut() throws Exception {
    var crowd = new ArrayList<Socket>();
    try (var zero = join(0, 2)) {
      for (int i = 0; i < Newcomers.MOST + 20; i++) {
        crowd.add(new Socket(InetAddress.getLoopbackAddress(), port));
      }
      crowd.getFirst().setSoTimeout((int) Newcomers.TIME.dividedBy(2).toMillis());
      assertEquals(-1, endOf(crowd.getFirst()));
      try (var one = join(1, 2)) {
        assertEquals(zero.size(), one.size());
      }
    } finally {
      crowd.forEach(Quietly::close);
    }
  }

  @Test
  void aStrangerWhoSpeaksSlowlyIsSentAwayInTime() throws Exception {
    try (var zero = join(0, 1);
        var slow = new Socket(InetAddress.getLoopbackAddress(), port)) {
      long begin = System.nanoTime();
      slow.setSoTimeout(500);
      int end = 1;
      for (int i = 0; i < 20 && end != -1; i++) {
        // The magic number first, so that it may go on; the token is longer than its patience.
        say(slow, i < Integer.BYTES ? RendezvousProtocol.MAGIC >> 24 - 8 * i : 0);
        end = endOf(slow);
      }
      assertEquals(-1, end);
      var took = Duration.ofNanos(System.nanoTime() - begin);
      assertTrue(took.compareTo(Newcomers.TIME.multipliedBy(2)) < 0, took::toString);
      assertEquals(1, zero.size());
    }
  }

  private static void say(Socket stranger, int word) {
    try {
      stranger.getOutputStream().write(word);
    } catch (IOException e) {
      // Reading tells what became of it.
    }
  }

  /** A reset says the same as an end: the server did not read all that the stranger sent. */
  private static int endOf(Socket stranger) {
    try {
      return stranger.getInputStream().read();
    } catch (IOException e) {
      return e.getMessage().contains("reset") ? -1 : 1;
    }
  }

  @Test
  void anotherJobsRankIsAStranger() {
    try (var zero = join(0, 2)) {
      var other = new Member("explicit", "test", "another job", 1, 2, 0);
      var address = RendezvousAddress.local(port);
      var token = RendezvousProtocol.token(other, "");
      var e =
          fails(
              ErrorCode.LINK_FAILED,
              () -> RendezvousExchange.join(other, address, token, Protection.LOCAL, SHORT));
      assertTrue(e.getMessage().contains("stranger"), e.getMessage());
      assertEquals(2, zero.size());
    }
  }

  @Test
  void ranksThatDisagreeAreRefused() {
    try (var zero = join(0, 2);
        var one = join(1, 2)) {
      assertTrue(
          fails(ErrorCode.REFUSED, () -> join(1, 2)).getMessage().contains("joined as rank 1"));
      assertTrue(fails(ErrorCode.REFUSED, () -> join(2, 3)).getMessage().contains("2 ranks"));
      assertEquals(zero.size(), one.size());
    }
  }

  @Test
  void withoutRankZeroJoiningEndsInTime() {
    var e = fails(ErrorCode.TIMEOUT, () -> join(1, 2, SHORT));
    assertTrue(e.getMessage().startsWith("rank 1 of 2"), e.getMessage());
    assertTrue(e.getMessage().contains("did it start"), e.getMessage());
  }

  @Test
  void aTakenPortIsSaid() throws IOException {
    try (var taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      var e = fails(ErrorCode.IO, () -> join(0, 1));
      assertTrue(e.getMessage().contains("HAWSER_RENDEZVOUS"), e.getMessage());
      assertTrue(taken.isBound());
    }
  }
}
