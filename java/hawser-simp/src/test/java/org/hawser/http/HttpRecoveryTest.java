package org.hawser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.comm.Message;
import org.hawser.comm.Sending;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that break, and peers that go and come back. */
class HttpRecoveryTest {
  private static final Duration SOON = Duration.ofSeconds(50);
  private static final HttpCommunicatorOptions OPTIONS =
      HttpCommunicatorOptions.DEFAULT.withPeerTimeout(Duration.ofSeconds(1));

  private final Arena arena = Arena.ofShared();
  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    arena.close();
  }

  private <T extends AutoCloseable> T kept(T each) {
    opened.add(each);
    return each;
  }

  private HttpNode node(int port) {
    return kept(HttpNode.open(HttpOptions.DEFAULT.withAddress("127.0.0.1", port)));
  }

  private HttpCommunicator rank(HttpNode node, int rank, String... endpoints) {
    return kept(HttpCommunicator.open(node, rank, List.of(endpoints), OPTIONS));
  }

  private MemorySegment number(long number, long bytes) {
    MemorySegment segment = arena.allocate(bytes, Long.BYTES);
    segment.set(ValueLayout.JAVA_LONG, 0, number);
    return segment;
  }

  private static long received(HttpCommunicator by, int from, String key) {
    try (Message message = by.recv(from, key, SOON)) {
      return message.segment().get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }
  }

  private static void untilKnown(HttpCommunicator one, HttpCommunicator other) {
    assertTrue(one.isHawser(other.rank()));
    assertTrue(other.isHawser(one.rank()));
  }

  @Test
  void deliversEachMessageOnceThoughConnectionsBreak() {
    HttpNode first = node(0);
    HttpNode second = node(0);
    CuttingProxy proxy = kept(new CuttingProxy(second.address(), 300_000));
    String own = first.address().toString();
    HttpCommunicator sender = rank(first, 0, own, proxy.address().toString());
    HttpCommunicator receiver = rank(second, 1, own, second.address().toString());
    List<Sending> sends = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      sends.add(sender.send(1, "key", number(i, i % 50 == 0 ? 100_000 : 8 + 13 * i)));
    }
    for (int i = 0; i < 300; i++) {
      assertEquals(i, received(receiver, 0, "key"));
    }
    sends.forEach(sending -> sending.await(SOON));
    assertFalse(receiver.hasMessage(0, "key"));
    assertTrue(proxy.cuts() > 1, "cuts: " + proxy.cuts());
  }

  @Test
  void waitsForPeersThatComeLater() {
    HttpNode first = node(0);
    HttpNode placeholder = HttpNode.open(HttpOptions.DEFAULT);
    int port = placeholder.address().port();
    placeholder.close();
    String[] endpoints = {first.address().toString(), "127.0.0.1:" + port};
    HttpCommunicator sender = rank(first, 0, endpoints);
    Sending sending = sender.send(1, "key", number(5, 8));
    Background.pause(200);
    HttpCommunicator receiver = rank(node(port), 1, endpoints);
    assertEquals(5, received(receiver, 0, "key"));
    sending.await(SOON);
  }

  @Test
  void failsSendsToPeersThatDoNotCome() {
    HttpNode first = node(0);
    HttpCommunicator sender = rank(first, 0, first.address().toString(), "127.0.0.1:1");
    var failure =
        assertThrows(HawserException.class, () -> sender.sendSync(1, "key", number(5, 8), SOON));
    for (String word : List.of("rank 0", "rank 1", "127.0.0.1:1", "key")) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }

  @Test
  void failsWhoWaitsForAPeerThatIsGoneUntilItIsBack() {
    HttpNode first = node(0);
    HttpNode second = node(0);
    int port = second.address().port();
    String[] endpoints = {first.address().toString(), second.address().toString()};
    HttpCommunicator waiter = rank(first, 0, endpoints);
    untilKnown(waiter, rank(second, 1, endpoints));
    var waiting = Background.failing(() -> waiter.recv(1, "never", SOON));
    Background.pause(50);
    // As if its process had died: it cannot say farewell.
    second.close();
    HawserException failure = Background.join(waiting);
    assertEquals(1, failure.rank());
    assertTrue(failure.getMessage().contains("rank 1 is gone"), failure.getMessage());

    HttpCommunicator again = rank(node(port), 1, endpoints);
    Background.until(() -> isBack(waiter));
    again.sendSync(0, "key", number(7, 8), SOON);
    assertEquals(7, received(waiter, 1, "key"));
    waiter.sendSync(1, "key", number(8, 8), SOON);
    assertEquals(8, received(again, 0, "key"));
  }

  /** Whether a wait for rank 1 is one. */
  private static boolean isBack(HttpCommunicator waiter) {
    var failure =
        assertThrows(HawserException.class, () -> waiter.recv(1, "nothing", Duration.ofMillis(1)));
    return failure.code() == ErrorCode.TIMEOUT && failure.getMessage().contains("no message");
  }

  @Test
  void failsWhoWaitsForAPeerThatStartsAnew() {
    HttpNode first = node(0);
    HttpNode second = node(0);
    int port = second.address().port();
    String[] endpoints = {first.address().toString(), second.address().toString()};
    HttpCommunicator waiter = rank(first, 0, endpoints);
    untilKnown(waiter, rank(second, 1, endpoints));
    var waiting = Background.failing(() -> waiter.recv(1, "never", SOON));
    Background.pause(50);
    second.close();
    HttpCommunicator again = rank(node(port), 1, endpoints);
    String message = Background.join(waiting).getMessage();
    assertTrue(message.contains("started anew") || message.contains("is gone"), message);
    Background.until(() -> isBack(waiter));
    again.sendSync(0, "never", number(3, 8), SOON);
    assertEquals(3, received(waiter, 1, "never"));
  }

  @Test
  void comesBackAfterAFarewell() {
    HttpNode first = node(0);
    HttpNode second = node(0);
    String[] endpoints = {first.address().toString(), second.address().toString()};
    HttpCommunicator waiter = rank(first, 0, endpoints);
    HttpCommunicator leaving = rank(second, 1, endpoints);
    untilKnown(waiter, leaving);
    leaving.close();
    var failure = assertThrows(HawserException.class, () -> waiter.recv(1, "key", SOON));
    assertEquals(ErrorCode.CLOSED, failure.code(), failure.getMessage());
    HttpCommunicator again = rank(second, 1, endpoints);
    again.sendSync(0, "key", number(9, 8), SOON);
    assertEquals(9, received(waiter, 1, "key"));
    Background.until(() -> isBack(waiter));
  }

  @Test
  void failsSendsThatAreNotAnsweredInTime() {
    HttpNode first = node(0);
    HttpNode second = node(0);
    String[] endpoints = {first.address().toString(), second.address().toString()};
    HttpCommunicator sender =
        kept(
            HttpCommunicator.open(
                first, 0, List.of(endpoints), OPTIONS.withSendTimeout(Duration.ofSeconds(2))));
    HttpCommunicator receiver =
        kept(HttpCommunicator.open(second, 1, List.of(endpoints), OPTIONS.withMailboxBytes(8)));
    sender.sendSync(1, "first", number(1, 8), SOON);
    var failure =
        assertThrows(HawserException.class, () -> sender.sendSync(1, "second", number(2, 8), SOON));
    assertEquals(ErrorCode.TIMEOUT, failure.code(), failure.getMessage());
    assertEquals(1, received(receiver, 0, "first"));
    Sending third = sender.send(1, "third", number(3, 8));
    assertEquals(3, received(receiver, 0, "third"));
    third.await(SOON);
  }

  @Test
  void failsWhatIsUnderWayWhenItsNodeIsClosed() {
    HttpNode first = node(0);
    HttpCommunicator sender = rank(first, 0, first.address().toString(), "127.0.0.1:1");
    Sending sending = sender.send(1, "key", number(5, 8));
    first.close();
    var failure = assertThrows(HawserException.class, () -> sending.await(SOON));
    assertEquals(ErrorCode.CLOSED, failure.code(), failure.getMessage());
    Sending late = sender.send(1, "key", number(5, 8));
    assertThrows(HawserException.class, () -> late.await(SOON));
  }
}
