package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What libspu does with channels of ours: messages, failures, memory. */
@RequiresSpu
class SpuChannelTest {
  private SpuLibrary.Live before;

  @BeforeEach
  void countWhatIsLive() {
    before = SpuLibrary.reclaim();
  }

  @AfterEach
  void nothingIsLeft() {
    Leftovers.assertNoneSince(before);
  }

  @Test
  void messagesOfAllSizesArriveInOrder() throws Exception {
    try (var parties = new SpuTwoParties();
        Arena arena = Arena.ofShared()) {
      int[] sizes = {0, 1, 7, 4096, 1 << 20, 3};
      SpuParties.run(
          2,
          rank -> {
            SpuObject link = parties.links.get(rank);
            int peer = 1 - rank;
            for (int i = 0; i < sizes.length; i++) {
              NativeSpu.linkSend(link, peer, pattern(arena, rank, sizes[i]), i % 2 == 0);
            }
            for (int size : sizes) {
              MemorySegment got = NativeSpu.linkRecv(link, peer, arena);
              assertEquals(-1, got.mismatch(pattern(arena, peer, size)));
            }
            NativeSpu.stopLink(link);
            return null;
          });
      assertTrue(parties.queues.keptSends.get() > 0, "no send was asynchronous");
    }
  }

  private static MemorySegment pattern(Arena arena, int rank, int size) {
    MemorySegment segment = arena.allocate(size);
    for (int i = 0; i < size; i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + rank));
    }
    return segment;
  }

  @Test
  void theMemoryOfAnAsynchronousSendLivesUntilItsTokenIsSent() throws Exception {
    Queue<Long> tokens = new ConcurrentLinkedQueue<>();
    UnaryOperator<SpuChannel> keeping =
        channel ->
            altered(
                channel,
                "sendAsync",
                arguments -> {
                  // Delivered at once, told as sent only later.
                  channel.sendAsyncThrottled(
                      (long) arguments[0],
                      (int) arguments[1],
                      (long) arguments[2],
                      (long) arguments[3],
                      0);
                  tokens.add((long) arguments[4]);
                  return true;
                });
    try (var parties = new SpuTwoParties(20_000, keeping);
        Arena arena = Arena.ofShared()) {
      int sends = 10;
      for (int i = 0; i < sends; i++) {
        NativeSpu.linkSend(parties.links.getFirst(), 1, pattern(arena, 0, 100), true);
      }
      assertEquals(sends, tokens.size());
      assertEquals(before.tokens() + sends, SpuLibrary.reclaim().tokens());
      tokens.forEach(SpuLibrary::sent);
      assertEquals(before.tokens(), SpuLibrary.reclaim().tokens());
    }
  }

  @Test
  void whatAChannelThrowsIsTheCauseOfTheRunThatFailed() throws Exception {
    var thrown = new IllegalStateException("the wire is cut");
    var broken = new AtomicBoolean();
    UnaryOperator<SpuChannel> breaking =
        channel ->
            altered(
                channel,
                "recv",
                arguments -> {
                  if (broken.get()) {
                    throw thrown;
                  }
                  return channel.recv((long) arguments[0], (int) arguments[1]);
                });
    try (var parties = new SpuTwoParties(20_000, breaking)) {
      float[] values = {1, 2, 3, -4};
      List<SpuObject> shares = SpuTwoParties.shares(values);
      assertArrayEquals(new float[] {1, 4, 9, 16}, square(parties, shares), 1e-3f);
      broken.set(true);
      List<Future<SpuObject>> ends =
          SpuParties.settle(2, rank -> parties.square(rank, shares.get(rank)));
      for (Future<SpuObject> end : ends) {
        var failure = assertInstanceOf(HawserException.class, failureOf(end));
        assertEquals(ErrorCode.LINK_FAILED, failure.code());
        assertSame(thrown, failure.getCause());
        assertTrue(failure.getMessage().contains("the wire is cut"), failure.getMessage());
      }
      shares.forEach(SpuObject::close);
    }
  }

  @Test
  void whatAChannelThrowsIsTheCauseOfALinkThatDoesNotOpen() throws Exception {
    var thrown = new HawserException(ErrorCode.REFUSED, "rank 0 does not let rank 1 in");
    UnaryOperator<SpuChannel> refusing =
        channel ->
            altered(
                channel,
                "testRecv",
                arguments -> {
                  throw thrown;
                });
    var failure =
        assertThrows(HawserException.class, () -> new SpuTwoParties(20_000, refusing).close());
    assertEquals(ErrorCode.LINK_FAILED, failure.code());
    assertSame(thrown, failure.getCause());
  }

  @Test
  void aPeerThatSaysNothingIsATimeout() throws Exception {
    try (var parties = new SpuTwoParties(200, channel -> channel);
        Arena arena = Arena.ofConfined()) {
      var failure =
          assertThrows(
              HawserException.class, () -> NativeSpu.linkRecv(parties.links.get(0), 1, arena));
      assertEquals(ErrorCode.LINK_FAILED, failure.code());
      var cause = assertInstanceOf(HawserException.class, failure.getCause());
      assertEquals(ErrorCode.TIMEOUT, cause.code());
    }
  }

  @Test
  void aHundredLinksLeaveNothingBehind() throws Exception {
    List<SpuObject> shares = SpuTwoParties.shares(1, 2, 3, 4);
    for (int i = 0; i < 100; i++) {
      try (var parties = new SpuTwoParties()) {
        assertArrayEquals(new float[] {1, 4, 9, 16}, square(parties, shares), 1e-3f);
      }
    }
    shares.forEach(SpuObject::close);
  }

  private static float[] square(SpuTwoParties parties, List<SpuObject> shares) throws Exception {
    return SpuTwoParties.reveal(SpuParties.run(2, rank -> parties.square(rank, shares.get(rank))));
  }

  private static Throwable failureOf(Future<?> end) {
    return assertThrows(ExecutionException.class, end::get).getCause();
  }

  private interface Behaviour {
    Object of(Object[] arguments) throws Exception;
  }

  /** The channel, but for one method. */
  private static SpuChannel altered(SpuChannel channel, String method, Behaviour behaviour) {
    return (SpuChannel)
        Proxy.newProxyInstance(
            SpuChannel.class.getClassLoader(),
            new Class<?>[] {SpuChannel.class},
            (_, called, arguments) ->
                called.getName().equals(method)
                    ? behaviour.of(arguments)
                    : called.invoke(channel, arguments));
  }
}
