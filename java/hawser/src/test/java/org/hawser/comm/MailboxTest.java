package org.hawser.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;

/** Its bounds, and the order in which messages are fetched; communicators' tests show the rest. */
class MailboxTest {
  private static final long SOON = Duration.ofSeconds(30).toNanos();
  private static final long SHORT = Duration.ofMillis(50).toNanos();
  private static final long LIMIT = 100;

  private final Mailbox mailbox = new Mailbox(1, 2, LIMIT);
  private final AtomicInteger roomTold = new AtomicInteger();

  /** Bytes that are counted, and never looked at. */
  private static final class Parcel extends Arrival {
    final long bytes;
    volatile boolean fetched;
    volatile HawserException dropped;

    Parcel(long bytes) {
      this.bytes = bytes;
    }

    @Override
    protected void begin() {
      fetched = true;
    }

    @Override
    protected void dropped(HawserException reason) {
      dropped = reason;
    }

    @Override
    public long address() {
      return 0;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    public MemorySegment segment() {
      return MemorySegment.NULL;
    }

    @Override
    public void close() {}
  }

  private Parcel deliver(String key, long bytes) {
    var parcel = new Parcel(bytes);
    mailbox.deliver(0, Key.of(key), parcel);
    return parcel;
  }

  private Parcel announce(String key, long bytes) {
    var parcel = new Parcel(bytes);
    mailbox.announce(0, Key.of(key), parcel);
    return parcel;
  }

  private Message recv(String key, long timeoutNanos) {
    return mailbox.recv(0, Key.of(key), timeoutNanos, Waiting.PARKED);
  }

  // ----------------------------------------------------------------------------------------------

  @Test
  void receivesInTheOrderOfTheAnnouncements() {
    Parcel first = announce("key", 10);
    Parcel second = deliver("key", 10);
    assertTrue(first.fetched);
    assertFalse(mailbox.has(0, Key.of("key")));
    assertThrows(HawserException.class, () -> recv("key", SHORT));
    mailbox.arrived(first);
    assertSame(first, recv("key", 0));
    assertSame(second, recv("key", 0));
  }

  @Test
  void fetchesWhatIsAnnouncedWhileThereIsRoom() {
    Parcel first = announce("a", 60);
    Parcel second = announce("b", 60);
    Parcel third = announce("c", 10);
    assertTrue(first.fetched);
    assertFalse(second.fetched);
    assertEquals(70, mailbox.bytesWaiting());
    assertTrue(third.fetched);
    mailbox.arrived(first);
    assertSame(first, recv("a", 0));
    assertTrue(second.fetched);
  }

  @Test
  void fetchesAtOnceWhatSomebodyWaitsFor() {
    deliver("full", LIMIT);
    Parcel wanted = announce("wanted", 60);
    assertFalse(wanted.fetched);
    var waiting = Background.start(() -> recv("wanted", SOON));
    Background.until(() -> wanted.fetched);
    mailbox.arrived(wanted);
    assertSame(wanted, Background.join(waiting));
  }

  @Test
  void fetchesWhatIsLongerThanItsLimitWhenNothingElseIsThere() {
    Parcel first = announce("a", 10);
    Parcel vast = announce("b", 10 * LIMIT);
    assertFalse(vast.fetched);
    mailbox.arrived(first);
    recv("a", 0);
    assertTrue(vast.fetched);
  }

  @Test
  void tellsWhenThereIsRoomAgain() {
    mailbox.onRoom(roomTold::incrementAndGet);
    assertTrue(mailbox.hasRoom(0));
    deliver("a", LIMIT);
    deliver("b", 10);
    assertFalse(mailbox.hasRoom(0));
    recv("b", 0);
    assertEquals(0, roomTold.get());
    recv("a", 0);
    assertEquals(1, roomTold.get());
    deliver("c", 10);
    recv("c", 0);
    assertEquals(1, roomTold.get());
  }

  @Test
  void takesInWhatSomebodyWaitsForAlthoughItIsFull() {
    mailbox.onRoom(roomTold::incrementAndGet);
    deliver("full", LIMIT);
    assertFalse(mailbox.hasRoom(0));
    var waiting = Background.start(() -> recv("behind", SOON));
    Background.until(() -> roomTold.get() > 0);
    assertTrue(mailbox.hasRoom(0));
    assertFalse(mailbox.hasRoom(1));
    deliver("before", 10);
    Parcel wanted = deliver("behind", 10);
    assertSame(wanted, Background.join(waiting));
    assertFalse(mailbox.hasRoom(0));
  }

  @Test
  void saysThatItIsFull() {
    deliver("a", LIMIT);
    deliver("b", 1);
    var failure = assertThrows(HawserException.class, () -> recv("never", SHORT));
    assertEquals(ErrorCode.TIMEOUT, failure.code());
    assertEquals(
        "rank 1: no message from rank 0 under key never within 50 ms; 2 others wait, and the"
            + " mailbox is full with 101 bytes: receive them",
        failure.getMessage());
  }

  @Test
  void dropsWhatIsThereWhenItIsAborted() {
    var reason = new HawserException(ErrorCode.CLOSED, "enough");
    Parcel there = deliver("a", 60);
    Parcel fetching = announce("b", 10);
    Parcel deferred = announce("c", 60);
    mailbox.abort(reason);
    assertSame(reason, there.dropped);
    assertSame(reason, deferred.dropped);
    assertFalse(deferred.fetched);
    // Its memory is being written to.
    assertNull(fetching.dropped);
    mailbox.arrived(fetching);
    assertSame(reason, fetching.dropped);
    assertSame(reason, deliver("late", 1).dropped);
    assertSame(reason, announce("late", 1).dropped);
  }

  @Test
  void manyWaitForOneKey() {
    var waiting =
        IntStream.range(0, 4).mapToObj(i -> Background.start(() -> recv("key", SOON))).toList();
    for (int i = 0; i < 4; i++) {
      Background.pause(5);
      deliver("key", 1);
    }
    assertEquals(4, waiting.stream().map(Background::join).distinct().count());
  }

  @Test
  void holdsManyKeys() {
    int keys = 10_000;
    for (int i = 0; i < keys; i++) {
      deliver("key " + i, 0);
    }
    for (int i = keys - 1; i >= 0; i--) {
      recv("key " + i, 0);
    }
    assertFalse(mailbox.has(0, Key.of("key 0")));
  }
}
