package org.hawser.comm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every communicator does, over three ranks. */
public abstract class CommunicatorContract {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final int SIZE = 3;
  private static final int MIB = 1 << 20;

  private final Arena arena = Arena.ofShared();
  private World world;

  /** For transports. */
  protected CommunicatorContract() {}

  /** So many ranks, connected with each other. */
  protected abstract World open(int size);

  @AfterEach
  void close() {
    if (world != null) {
      world.close();
    }
    arena.close();
  }

  private Communicator rank(int rank) {
    world = world == null ? open(SIZE) : world;
    return world.ranks().get(rank);
  }

  private MemorySegment payload(long bytes, int seed) {
    return Payload.fill(arena.allocate(bytes), seed);
  }

  private void expect(int at, int from, String key, long bytes, int seed) {
    try (Message message = rank(at).recv(from, key, SOON)) {
      assertEquals(bytes, message.bytes());
      Payload.check(message.segment(), bytes, seed);
    }
  }

  private void inParallel(IntConsumer work) {
    rank(0);
    List<CompletableFuture<Void>> ranks =
        IntStream.range(0, SIZE).mapToObj(rank -> Background.run(() -> work.accept(rank))).toList();
    ranks.forEach(Background::join);
  }

  private HawserException failure(ErrorCode code, Executable work) {
    var failure = assertThrows(HawserException.class, work);
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }

  private static void assertNames(HawserException failure, String... words) {
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }

  // ----------------------------------------------------------------------------------------------

  @Test
  void knowsItsPlace() {
    for (int rank = 0; rank < SIZE; rank++) {
      assertEquals(rank, rank(rank).rank());
      assertEquals(SIZE, rank(rank).worldSize());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4096, 65_537, MIB, 20L * MIB + 1})
  void carriesMessagesThereAndBack(long bytes) {
    Sending there = rank(0).send(1, "there", payload(bytes, 1));
    expect(1, 0, "there", bytes, 1);
    there.await(SOON);
    Sending back = rank(1).send(0, "back", payload(bytes, 2));
    expect(0, 1, "back", bytes, 2);
    back.await(SOON);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 8, MIB})
  void syncSendsOfBothDoNotWaitForEachOther(long bytes) {
    inParallel(
        rank -> {
          int next = (rank + 1) % SIZE;
          int previous = (rank + SIZE - 1) % SIZE;
          rank(rank).sendSync(next, "ring", payload(bytes, rank), SOON);
          expect(rank, previous, "ring", bytes, previous);
        });
  }

  @Test
  void lendsTheMemoryBackAfterSyncSends() {
    MemorySegment segment = payload(100, 1);
    rank(0).sendSync(1, "key", segment, SOON);
    Payload.fill(segment, 2);
    expect(1, 0, "key", 100, 1);
  }

  @Test
  void queuesWhatComesBeforeItIsWanted() {
    for (int i = 0; i < 20; i++) {
      rank(0).sendSync(1, "key " + i, payload(10 + i, i), SOON);
    }
    for (int i = 19; i >= 0; i--) {
      expect(1, 0, "key " + i, 10 + i, i);
    }
  }

  @Test
  void receivesOneKeyAgainAndAgainInOrder() {
    List<Sending> sends = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      // Short and long ones, which may go different ways.
      sends.add(rank(0).send(1, "key", payload(i % 3 == 0 ? 100_000 : i, i)));
    }
    for (int i = 0; i < 50; i++) {
      expect(1, 0, "key", i % 3 == 0 ? 100_000 : i, i);
    }
    sends.forEach(sending -> sending.await(SOON));
  }

  @Test
  void keepsEqualKeysOfDifferentSendersApart() {
    rank(2).sendSync(1, "key", payload(30, 2), SOON);
    rank(0).sendSync(1, "key", payload(10, 0), SOON);
    rank(1).sendSync(1, "key", payload(20, 1), SOON);
    expect(1, 0, "key", 10, 0);
    expect(1, 1, "key", 20, 1);
    expect(1, 2, "key", 30, 2);
  }

  @Test
  void tellsCompletionsTheirContexts() {
    var told = new CompletableFuture<Long>();
    MemorySegment segment = payload(MIB, 1);
    rank(0)
        .send(
            1,
            Key.of("key"),
            segment.address(),
            segment.byteSize(),
            (context, failure) -> told.complete(failure == null ? context : -1),
            42);
    expect(1, 0, "key", MIB, 1);
    assertEquals(42, Background.join(told));
  }

  @Test
  void letsMessagesBeClosedTwice() {
    for (long bytes : new long[] {10, 10_000, MIB}) {
      MemorySegment segment = payload(bytes, 1);
      List<Sending> sends = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        sends.add(rank(0).send(1, "key", segment));
      }
      Message first = rank(1).recv(0, "key", SOON);
      first.close();
      first.close();
      Message second = rank(1).recv(0, "key", SOON);
      Message third = rank(1).recv(0, "key", SOON);
      sends.add(rank(0).send(1, "key", payload(bytes, 2)));
      Message fourth = rank(1).recv(0, "key", SOON);
      Payload.check(second.segment(), bytes, 1);
      Payload.check(third.segment(), bytes, 1);
      Payload.check(fourth.segment(), bytes, 2);
      List.of(second, third, fourth).forEach(Message::close);
      sends.forEach(sending -> sending.await(SOON));
    }
  }

  @Test
  void takesKeysThatAreSetAnew() {
    var key = new Key();
    MemorySegment segment = payload(8, 3);
    for (int i = 0; i < 10; i++) {
      rank(0).sendSync(1, key.set("key " + i), segment.address(), 8, SOON.toNanos());
    }
    for (int i = 0; i < 10; i++) {
      expect(1, 0, "key " + i, 8, 3);
    }
  }

  @Test
  void servesManyThreadsAtOnce() {
    int threads = 4;
    int messages = 200;
    rank(0);
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int own = t;
      MemorySegment segment = payload(1000 + own, own);
      all.add(
          Background.run(
              () -> {
                for (int i = 0; i < messages; i++) {
                  rank(0).sendSync(1, own + "." + i, segment, SOON);
                }
              }));
      all.add(
          Background.run(
              () -> {
                for (int i = 0; i < messages; i++) {
                  expect(1, 0, own + "." + i, 1000 + own, own);
                }
              }));
    }
    all.forEach(Background::join);
  }

  @Test
  void letsVirtualThreadsWait() throws InterruptedException {
    var received = new CompletableFuture<Long>();
    Communicator receiver = rank(1);
    Thread waiting =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (Message message = receiver.recv(0, "key", SOON)) {
                    received.complete(message.bytes());
                  }
                });
    rank(0).sendSync(1, "key", payload(77, 1), SOON);
    assertEquals(77, Background.join(received));
    assertTrue(waiting.join(SOON));
  }

  @Test
  void looksWithoutReceiving() {
    assertFalse(rank(1).hasMessage(0, "key"));
    assertEquals(Optional.empty(), rank(1).peekMessage(0, Key.of("key"), 10));
    MemorySegment segment = payload(30, 5);
    rank(0).sendSync(1, "key", segment, SOON);
    Background.until(() -> rank(1).hasMessage(0, "key"));
    assertFalse(rank(1).hasMessage(2, "key"));
    byte[] begins = segment.asSlice(0, 10).toArray(JAVA_BYTE);
    assertArrayEquals(begins, rank(1).peekMessage(0, Key.of("key"), 10).orElseThrow());
    assertEquals(30, rank(1).peekMessage(0, Key.of("key"), 100).orElseThrow().length);
    expect(1, 0, "key", 30, 5);
    assertFalse(rank(1).hasMessage(0, "key"));
  }

  @Test
  void countsItsTraffic() {
    rank(0).sendSync(1, "a", payload(100, 1), SOON);
    rank(0).sendSync(1, "b", payload(30, 1), SOON);
    expect(1, 0, "b", 30, 1);
    Background.until(() -> rank(1).hasMessage(0, "a"));
    assertEquals(2, rank(0).statistics().messagesSent());
    assertEquals(130, rank(0).statistics().bytesSent());
    assertEquals(2, rank(1).statistics().messagesReceived());
    assertEquals(130, rank(1).statistics().bytesReceived());
    assertEquals(100, rank(1).statistics().bytesWaiting());
  }

  // ----------------------------------------------------------------------------------------------
  // what fails

  @Test
  void saysWhatItWaitedFor() {
    rank(0).sendSync(1, "other", payload(8, 1), SOON);
    Background.until(() -> rank(1).hasMessage(0, "other"));
    long start = System.nanoTime();
    var failure = failure(ErrorCode.TIMEOUT, () -> rank(1).recv(0, "never", SHORT));
    long waited = System.nanoTime() - start;
    assertTrue(waited >= SHORT.toNanos(), "gave up after ns " + waited);
    assertTrue(waited < SOON.toNanos(), "gave up after ns " + waited);
    assertEquals(0, failure.rank());
    assertNames(failure, "rank 1", "from rank 0", "never", "200 ms", "1 others wait");
  }

  @Test
  void onlyLooksWhenThereIsNoTime() {
    failure(ErrorCode.TIMEOUT, () -> rank(1).recv(0, "key", Duration.ZERO));
    rank(0).sendSync(1, "key", payload(8, 1), SOON);
    Background.until(() -> rank(1).hasMessage(0, "key"));
    rank(1).recv(0, "key", Duration.ZERO).close();
  }

  @Test
  void endsTheWaitOfAnInterruptedThread() {
    rank(1);
    var waiter = new CompletableFuture<Thread>();
    var failing =
        Background.failing(
            () -> {
              waiter.complete(Thread.currentThread());
              rank(1).recv(0, "never", SOON);
            });
    Background.pause(50);
    Background.join(waiter).interrupt();
    assertEquals(ErrorCode.CANCELLED, Background.join(failing).code());
  }

  @Test
  void refusesRanksThatDoNotExist() {
    MemorySegment segment = payload(8, 1);
    failure(ErrorCode.INVALID_ARGUMENT, () -> rank(0).send(SIZE, "key", segment));
    failure(ErrorCode.INVALID_ARGUMENT, () -> rank(0).send(-1, "key", segment));
    failure(ErrorCode.INVALID_ARGUMENT, () -> rank(0).recv(SIZE, "key", SHORT));
    failure(ErrorCode.INVALID_ARGUMENT, () -> rank(0).recv(-1, "key", SHORT));
  }

  @Test
  void refusesMemoryOfTheHeap() {
    MemorySegment heap = MemorySegment.ofArray(new byte[8]);
    failure(ErrorCode.INVALID_ARGUMENT, () -> rank(0).send(1, "key", heap));
    failure(ErrorCode.INVALID_ARGUMENT, () -> rank(0).sendSync(1, "key", heap, SOON));
  }

  @Test
  void leavesWhatArrivedWhenAPeerHasGone() {
    rank(0).sendSync(1, "before", payload(10, 1), SOON);
    rank(0).close();
    expect(1, 0, "before", 10, 1);
    var failure = assertThrows(HawserException.class, () -> rank(1).recv(0, "after", SOON));
    assertEquals(0, failure.rank());
    assertNames(failure, "rank 1", "rank 0", "after");
    rank(2).sendSync(1, "others go on", payload(8, 3), SOON);
    expect(1, 2, "others go on", 8, 3);
  }

  @Test
  void wakesWhoWaitsForAPeerThatAborts() {
    rank(0);
    var waiting = Background.failing(() -> rank(1).recv(2, "never", SOON));
    Background.pause(50);
    rank(2).abort("the disk is full");
    HawserException failure = Background.join(waiting);
    assertEquals(ErrorCode.CLOSED, failure.code(), failure.getMessage());
    assertEquals(2, failure.rank());
    assertNames(failure, "rank 1", "rank 2", "never", "the disk is full");
  }

  @Test
  void wakesItsOwnWaitersWhenItAborts() {
    rank(0);
    var waiting = Background.failing(() -> rank(1).recv(0, "never", SOON));
    Background.pause(50);
    rank(1).abort("enough");
    assertNames(Background.join(waiting), "rank 1", "enough");
    MemorySegment segment = payload(8, 1);
    failure(ErrorCode.CLOSED, () -> rank(1).send(0, "key", segment));
    failure(ErrorCode.CLOSED, () -> rank(1).recv(0, "key", SHORT));
  }

  @Test
  void closesTwice() {
    rank(0).close();
    rank(0).close();
    failure(ErrorCode.CLOSED, () -> rank(0).send(1, "key", payload(8, 1)));
  }

  @Test
  void refusesWhatBeginsWithAPrefixUntilItIsAdmitted() {
    rank(0);
    var waiting = Background.failing(() -> rank(1).recv(0, "bad:key", SOON));
    Background.pause(50);
    var reason = new HawserException(ErrorCode.CLOSED, "for a reason");
    rank(1).refuse(0, Key.of("bad:"), reason);
    assertNames(Background.join(waiting), "for a reason");
    failure(ErrorCode.CLOSED, () -> rank(1).recv(0, "bad:other", SOON));
    rank(0).sendSync(1, "good:key", payload(8, 1), SOON);
    expect(1, 0, "good:key", 8, 1);
    rank(2).sendSync(1, "bad:key", payload(8, 2), SOON);
    expect(1, 2, "bad:key", 8, 2);
    rank(1).admit(0, Key.of("bad:"));
    rank(0).sendSync(1, "bad:key", payload(8, 3), SOON);
    expect(1, 0, "bad:key", 8, 3);
  }

  @Test
  void discardsWhatBeginsWithAPrefixAndKeepsTheRest() {
    rank(0).sendSync(1, "job:0", payload(8, 1), SOON);
    rank(2).sendSync(1, "job:1", payload(100_000, 2), SOON);
    rank(0).sendSync(1, "job2:0", payload(8, 3), SOON);
    Background.until(() -> rank(1).hasMessage(2, "job:1") && rank(1).hasMessage(0, "job2:0"));
    rank(1).discard(Key.of("job:"), new HawserException(ErrorCode.CANCELLED, "nobody asks for it"));
    assertFalse(rank(1).hasMessage(0, "job:0"));
    assertFalse(rank(1).hasMessage(2, "job:1"));
    assertEquals(8, rank(1).statistics().bytesWaiting());
    expect(1, 0, "job2:0", 8, 3);
    rank(0).sendSync(1, "job:0", payload(8, 4), SOON);
    expect(1, 0, "job:0", 8, 4);
  }
}
