package org.hawser.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.comm.Payload;
import org.hawser.comm.World;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What yacl expects of a channel, over three ranks of any communicator. */
public abstract class ChannelContract {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final int SIZE = 3;
  private static final int MIB = 1 << 20;

  private final Arena arena = Arena.ofShared();
  private World world;

  /** For transports. */
  protected ChannelContract() {}

  /** So many ranks, connected with each other. */
  protected abstract World open(int size);

  @BeforeEach
  void openWorld() {
    world = open(SIZE);
  }

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  final Communicator rank(int rank) {
    return world.ranks().get(rank);
  }

  final BaseChannel channel(int local, int peer, String prefix) {
    var channel = new BaseChannel(rank(local), local, peer, prefix);
    channel.setRecvTimeout(SOON);
    return channel;
  }

  final BaseChannel channel(int local, int peer) {
    return channel(local, peer, BaseChannel.DEFAULT_PREFIX);
  }

  final MemorySegment payload(long bytes, int seed) {
    return Payload.fill(arena.allocate(bytes), seed);
  }

  static void expect(Channel channel, String key, long bytes, int seed) {
    try (Message message = channel.recv(key)) {
      Payload.check(message.segment(), bytes, seed);
    }
  }

  static HawserException failure(ErrorCode code, Executable work) {
    var failure = assertThrows(HawserException.class, work);
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }

  static void assertNames(HawserException failure, String... words) {
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }

  private static void inParallel(IntConsumer work) {
    List<CompletableFuture<Void>> ranks =
        IntStream.range(0, SIZE).mapToObj(rank -> Background.run(() -> work.accept(rank))).toList();
    ranks.forEach(Background::join);
  }

  // ----------------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4096, 70_000, MIB})
  void carriesMessagesThereAndBack(long bytes) {
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    here.send("request", payload(bytes, 1));
    expect(there, "request", bytes, 1);
    there.sendAsync("answer", payload(bytes, 2));
    expect(here, "answer", bytes, 2);
    there.waitLinkTaskFinish();
  }

  @Test
  void carriesOneGibibyte() {
    long bytes = 1L << 30;
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    try (Buffer buffer = Buffer.allocate(bytes)) {
      here.sendAsync("key", Payload.fill(buffer.segment(), 7));
      expect(there, "key", bytes, 7);
      here.waitLinkTaskFinish();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, MIB})
  void goesBothWaysAtOnceAroundARing(long bytes) {
    inParallel(
        rank -> {
          int next = (rank + 1) % SIZE;
          int previous = (rank + SIZE - 1) % SIZE;
          Channel forward = channel(rank, next);
          Channel backward = channel(rank, previous);
          forward.send("tag", payload(bytes, rank));
          backward.sendAsync("tag", payload(bytes, 10 + rank));
          expect(backward, "tag", bytes, previous);
          expect(forward, "tag", bytes, 10 + next);
          backward.waitLinkTaskFinish();
        });
  }

  @Test
  void queuesWhatComesBeforeItIsWanted() {
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    for (int i = 0; i < 10; i++) {
      here.sendAsync("tag " + i % 5, payload(100, i));
    }
    for (int i = 4; i >= 0; i--) {
      expect(there, "tag " + i, 100, i);
      expect(there, "tag " + i, 100, i + 5);
    }
    here.waitLinkTaskFinish();
  }

  @Test
  void keepsEqualTagsOfTwoPeersApart() {
    channel(2, 1).send("tag", payload(20, 2));
    channel(0, 1).send("tag", payload(10, 0));
    expect(channel(1, 0), "tag", 10, 0);
    expect(channel(1, 2), "tag", 20, 2);
  }

  @Test
  void keepsEqualTagsOfTwoLinksApart() {
    channel(0, 1, "b").send("tag", payload(20, 2));
    channel(0, 1, "a").send("tag", payload(10, 1));
    expect(channel(1, 0, "a"), "tag", 10, 1);
    expect(channel(1, 0, "b"), "tag", 20, 2);
  }

  @Test
  void putsItsTagsUnderItsPrefix() {
    channel(0, 1, "device").send("tag", payload(10, 1));
    try (Message message = rank(1).recv(0, "device:tag", SOON)) {
      Payload.check(message.segment(), 10, 1);
    }
  }

  @Test
  void tellsWhenMemoryMayChange() {
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    var told = new AtomicLong();
    Completion completion = (context, failure) -> told.addAndGet(failure == null ? context : -1000);
    MemorySegment segment = payload(MIB, 1);
    for (int i = 1; i <= 4; i++) {
      here.sendAsync(Key.of("tag"), segment.address(), MIB, completion, i);
    }
    for (int i = 1; i <= 4; i++) {
      expect(there, "tag", MIB, 1);
    }
    here.waitLinkTaskFinish();
    assertEquals(1 + 2 + 3 + 4, told.get());
  }

  @Test
  void shakesHands() {
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    here.testSend(SOON);
    there.testSend(SOON);
    here.testRecv();
    there.testRecv();
    here.testSend(SOON);
    try (Message message = rank(1).recv(0, "spu:__test__", SOON)) {
      assertEquals(1, message.bytes());
      assertEquals(0, message.segment().get(JAVA_BYTE, 0));
    }
  }

  @Test
  void refusesAnotherHandshake() {
    channel(0, 1).send("__test__", arena.allocate(2));
    channel(0, 1).send("__test__", payload(1, 1));
    var failure = failure(ErrorCode.INTERNAL, channel(1, 0)::testRecv);
    assertNames(failure, "rank 1", "rank 0", "2 bytes");
    failure(ErrorCode.INTERNAL, channel(1, 0)::testRecv);
  }

  @Test
  void refusesMemoryOfTheHeap() {
    MemorySegment heap = MemorySegment.ofArray(new long[] {1});
    failure(ErrorCode.INVALID_ARGUMENT, () -> channel(0, 1).send("key", heap));
    failure(ErrorCode.INVALID_ARGUMENT, () -> channel(0, 1).sendAsync("key", heap));
  }

  @Test
  void refusesPlacesThatCannotBe() {
    failure(ErrorCode.INVALID_ARGUMENT, () -> new BaseChannel(rank(0), 1, 2));
    failure(ErrorCode.INVALID_ARGUMENT, () -> new BaseChannel(rank(0), 0, 0));
    failure(ErrorCode.INVALID_ARGUMENT, () -> new BaseChannel(rank(0), 0, SIZE));
    failure(ErrorCode.INVALID_ARGUMENT, () -> new BaseChannel(rank(0), 0, 1, "a:b"));
  }

  // ----------------------------------------------------------------------------------------------
  // throttling

  @Test
  void carriesThrottledMessagesInOrder() {
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    here.setThrottleWindowSize(2);
    var sending =
        Background.run(
            () -> {
              for (int i = 0; i < 20; i++) {
                MemorySegment segment = payload(100_000, i);
                here.sendAsyncThrottled(
                    Key.of("tag"), segment.address(), segment.byteSize(), Completion.IGNORED, 0);
              }
            });
    for (int i = 0; i < 20; i++) {
      expect(there, "tag", 100_000, i);
    }
    Background.join(sending);
    here.waitLinkTaskFinish();
  }

  // ----------------------------------------------------------------------------------------------
  // pieces

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 999, 1000, 1001, 2000, 4500, 100_000})
  void cutsWhatTheCommunicatorDoesNotCarryWhole(long bytes) {
    var here = new BaseChannel(new LimitedCommunicator(rank(0), 1000), 0, 1);
    var there = new BaseChannel(new LimitedCommunicator(rank(1), 1000), 1, 0);
    here.send("tag", payload(bytes, 1));
    here.sendAsync("tag", payload(bytes, 2));
    expect(there, "tag", bytes, 1);
    expect(there, "tag", bytes, 2);
    here.waitLinkTaskFinish();
  }

  @Test
  void limitsThePiecesUnderWay() {
    var limited = new LimitedCommunicator(rank(0), 100_000);
    var here = new BaseChannel(limited, 0, 1);
    var there = new BaseChannel(new LimitedCommunicator(rank(1), 100_000), 1, 0);
    here.setChunkParallelSendSize(3);
    here.send("tag", payload(4_000_000, 1));
    expect(there, "tag", 4_000_000, 1);
    assertTrue(limited.mostUnderWay() <= 3, "under way at once: " + limited.mostUnderWay());
  }

  // ----------------------------------------------------------------------------------------------
  // what fails

  @Test
  void countsTheTimeoutFromTheCall() {
    Channel there = channel(1, 0);
    there.setRecvTimeout(SHORT);
    assertEquals(SHORT, there.getRecvTimeout());
    Background.pause(2 * SHORT.toMillis());
    long start = System.nanoTime();
    var failure = failure(ErrorCode.TIMEOUT, () -> there.recv("never"));
    long waited = System.nanoTime() - start;
    assertTrue(waited >= SHORT.toNanos(), "gave up after ns " + waited);
    assertTrue(waited < SOON.toNanos(), "gave up after ns " + waited);
    assertNames(failure, "rank 1", "rank 0", "spu:never", "200 ms");
  }

  @Test
  void refusesATimeoutOfNothing() {
    failure(ErrorCode.INVALID_ARGUMENT, () -> channel(0, 1).setRecvTimeout(Duration.ZERO));
  }

  @Test
  void wakesItsReceiversAndNoOthersWhenItIsAborted() {
    Channel aborted = channel(1, 0, "a");
    Channel other = channel(1, 0, "b");
    var waiting = Background.failing(() -> aborted.recv("never"));
    var going = Background.start(() -> other.recv("tag").bytes());
    Background.pause(50);
    aborted.abort();
    HawserException failure = Background.join(waiting);
    assertEquals(ErrorCode.CLOSED, failure.code());
    assertNames(failure, "rank 1", "rank 0", "a:");
    assertFalse(going.isDone());
    channel(0, 1, "b").send("tag", payload(10, 1));
    assertEquals(10, Background.join(going));
  }

  @Test
  void refusesEverythingOnceItIsAborted() {
    Channel here = channel(0, 1);
    here.abort();
    MemorySegment segment = payload(10, 1);
    failure(ErrorCode.CLOSED, () -> here.send("key", segment));
    failure(ErrorCode.CLOSED, () -> here.sendAsync("key", segment));
    failure(ErrorCode.CLOSED, () -> here.recv("key"));
    failure(ErrorCode.CLOSED, here::waitLinkTaskFinish);
  }

  @Test
  void canBeMadeAnewAfterAnAbort() {
    channel(0, 1).abort();
    channel(1, 0).abort();
    Channel here = channel(0, 1);
    Channel there = channel(1, 0);
    here.send("tag", payload(10, 1));
    expect(there, "tag", 10, 1);
  }

  @Test
  void namesThePeerThatDied() {
    Channel there = channel(1, 2);
    var waiting = Background.failing(() -> there.recv("never"));
    Background.pause(50);
    rank(2).close();
    HawserException failure = Background.join(waiting);
    assertEquals(2, failure.rank());
    assertNames(failure, "rank 1", "rank 2", "spu:never");
    channel(0, 1).send("others go on", payload(10, 1));
    expect(channel(1, 0), "others go on", 10, 1);
  }

  @Test
  void tellsItsPeerThatItGivesUpAndWhomToBlame() {
    Channel there = channel(1, 0);
    var waiting = Background.failing(() -> there.recv("never"));
    Background.pause(50);
    var reason = new HawserException(ErrorCode.TIMEOUT, "rank 2 is late", null, 2, -1, "", 0);
    channel(0, 1).giveUp(reason);
    HawserException failure = Background.join(waiting);
    assertEquals(ErrorCode.LINK_FAILED, failure.code());
    assertEquals(2, failure.rank());
    assertNames(failure, "rank 1", "rank 0", "rank 2 is late");
  }

  @Test
  void raisesTheFirstFailureOfItsSendsOnce() {
    Channel here = channel(0, 1);
    rank(1).abort("the disk is full");
    MemorySegment segment = payload(MIB, 1);
    var failure =
        assertThrows(
            HawserException.class,
            () -> {
              // The transport may notice at once, or when the send is under way.
              here.sendAsync("key", segment);
              here.waitLinkTaskFinish();
            });
    assertEquals(1, failure.rank());
    here.waitLinkTaskFinish();
  }
}
