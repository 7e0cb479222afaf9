package org.hawser.lane;

import static org.hawser.lane.Pair.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One link over the real engine: what arrives, what is refused, and how transfers end. */
@Timeout(120)
class LinkTest {
  private final Pair pair = new Pair();
  private final Link sender = pair.toRight;
  private final Link receiver = pair.toLeft;

  @AfterEach
  void close() {
    pair.close();
  }

  private static ErrorCode codeOf(Executable action) {
    return assertThrows(HawserException.class, action).code();
  }

  private void exchange(MemorySegment from, MemorySegment to) {
    Transfer receive = receiver.receive(to, 7);
    Transfer send = sender.send(from, 7);
    assertEquals(from.byteSize(), send.await(SOON));
    assertEquals(from.byteSize(), receive.await(SOON));
    assertEquals(-1, from.mismatch(to.asSlice(0, from.byteSize())));
  }

  @ParameterizedTest
  @ValueSource(
      longs = {1, 8, 1021, 65536, 65537, 524287, 524288, 524289, 7_000_003, (16 << 20) + 1})
  void everySizeArrivesWhole(long bytes) {
    try (Buffer from = Pair.pattern(bytes, 1);
        Buffer to = Buffer.allocate(bytes)) {
      exchange(from.segment(), to.segment());
    }
  }

  @Test
  void aMessageWithoutBytesIsAMessage() {
    Transfer receive = receiver.receive(MemorySegment.NULL, 7);
    assertEquals(0, sender.send(MemorySegment.NULL, 7).await(SOON));
    assertEquals(0, receive.await(SOON));
  }

  @Test
  void tagsKeepMessagesApartAndOneTagKeepsTheirOrder() {
    try (Buffer from = Pair.pattern(8000, 3);
        Buffer to = Buffer.allocate(8000)) {
      List<Transfer> transfers = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        transfers.add(sender.send(from.segment().asSlice(i * 8, 8), i % 10));
      }
      // The receives of one tag, tag by tag: message i went under tag i % 10 as the (i / 10)th of
      // it.
      for (int tag = 9; tag >= 0; tag--) {
        for (int i = tag; i < 1000; i += 10) {
          transfers.add(receiver.receive(to.segment().asSlice(i * 8, 8), tag));
        }
      }
      transfers.forEach(transfer -> transfer.await(SOON));
      assertEquals(-1, from.segment().mismatch(to.segment()));
    }
  }

  @Test
  void memoryThatNativeCodeCannotReachIsRefused() {
    assertEquals(
        ErrorCode.INVALID_ARGUMENT,
        codeOf(() -> sender.send(MemorySegment.ofArray(new byte[8]), 1)));
    assertEquals(
        ErrorCode.INVALID_ARGUMENT,
        codeOf(() -> receiver.receive(MemorySegment.NULL.asReadOnly(), 1)));
    MemorySegment closed;
    try (Arena arena = Arena.ofConfined()) {
      closed = arena.allocate(8);
    }
    assertEquals(ErrorCode.INVALID_ARGUMENT, codeOf(() -> sender.send(closed, 1)));
    Buffer buffer = Buffer.allocate(8);
    buffer.close();
    assertEquals(ErrorCode.INVALID_ARGUMENT, codeOf(() -> sender.send(buffer.segment(), 1)));
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1_000_000})
  void aMessageLongerThanTheMemoryIsTruncated(long bytes) {
    try (Buffer from = Pair.pattern(bytes, 1);
        Buffer to = Buffer.allocate(10)) {
      Transfer receive = receiver.receive(to.segment(), 7);
      Transfer send = sender.send(from.segment(), 7);
      assertEquals(ErrorCode.TRUNCATED, codeOf(() -> receive.await(SOON)));
      assertDoesEnd(send);
      exchange(from.segment().asSlice(0, 10), to.segment());
    }
  }

  private static void assertDoesEnd(Transfer transfer) {
    try {
      transfer.await(SOON);
    } catch (HawserException e) {
      assertFalse(e.code() == ErrorCode.TIMEOUT, e::getMessage);
    }
  }

  @Test
  void aWaitThatTimesOutDoesNotEndTheTransfer() {
    try (Buffer memory = Buffer.allocate(1 << 20)) {
      Transfer receive = receiver.receive(memory.segment(), 7);
      long before = System.nanoTime();
      assertEquals(ErrorCode.TIMEOUT, codeOf(() -> receive.await(Duration.ofMillis(50))));
      assertTrue(System.nanoTime() - before < 2_000_000_000L);
      assertFalse(receive.test());
      try (Buffer from = Pair.pattern(1 << 20, 9)) {
        sender.send(from.segment(), 7).await(SOON);
        assertEquals(1 << 20, receive.await(SOON));
      }
    }
  }

  @Test
  void aCancelledTransferEndsAndItsTagGoesOn() {
    try (Buffer from = Pair.pattern(1 << 20, 5);
        Buffer to = Buffer.allocate(1 << 20)) {
      Transfer receive = receiver.receive(to.segment(), 7);
      receive.cancel();
      assertEquals(ErrorCode.CANCELLED, codeOf(() -> receive.await(SOON)));
      Transfer send = sender.send(from.segment(), 8);
      send.cancel();
      assertEquals(ErrorCode.CANCELLED, codeOf(() -> send.await(SOON)));
      receive.cancel();
      exchange(from.segment(), to.segment());
    }
  }

  @Test
  void aFutureCompletesOnAVirtualThreadWhileNobodyWaits() {
    try (Buffer from = Pair.pattern(3 << 20, 5);
        Buffer to = Buffer.allocate(3 << 20)) {
      var received = receiver.receive(to.segment(), 7).toCompletableFuture();
      var virtual = received.thenApply(bytes -> Thread.currentThread().isVirtual());
      sender.send(from.segment(), 7);
      assertTrue(virtual.orTimeout(20, TimeUnit.SECONDS).join());
      assertEquals(3 << 20, received.join());
      assertEquals(-1, from.segment().mismatch(to.segment()));
    }
  }

  @Test
  void aFutureFailsWithTheReason() {
    try (Buffer to = Buffer.allocate(64)) {
      Transfer receive = receiver.receive(to.segment(), 7);
      var future = receive.toCompletableFuture();
      receive.cancel();
      var thrown =
          assertThrows(
              CompletionException.class, () -> future.orTimeout(20, TimeUnit.SECONDS).join());
      assertEquals(ErrorCode.CANCELLED, ((HawserException) thrown.getCause()).code());
    }
  }

  @Test
  void anInterruptEndsTheWaitAlone() throws Exception {
    try (Buffer to = Buffer.allocate(64)) {
      Transfer receive = receiver.receive(to.segment(), 7);
      var code = new ErrorCode[1];
      var waiting =
          Thread.ofPlatform()
              .start(() -> code[0] = codeOf(() -> receive.await(Duration.ofMinutes(1))));
      Thread.sleep(50);
      waiting.interrupt();
      waiting.join(5_000);
      assertFalse(waiting.isAlive());
      assertEquals(ErrorCode.CANCELLED, code[0]);
      assertFalse(receive.isDone());
    }
  }

  @Test
  void closingEndsWhatIsUnderWay() {
    try (Buffer memory = Buffer.allocate(1 << 20)) {
      Transfer receive = receiver.receive(memory.segment(), 7);
      Transfer another = receiver.receive(memory.segment(), 8);
      var future = another.toCompletableFuture();
      receiver.close();
      assertEquals(ErrorCode.CLOSED, codeOf(() -> receive.await(SOON)));
      assertTrue(future.handle((bytes, thrown) -> thrown != null).join());
      assertEquals(ErrorCode.CLOSED, codeOf(() -> receiver.send(memory.segment(), 7)));
      receiver.close();
      assertEquals(4, receiver.lanes().size());
    }
  }

  @Test
  void aPeerThatClosesEndsOurTransfers() {
    try (Buffer memory = Buffer.allocate(64)) {
      Transfer receive = sender.receive(memory.segment(), 7);
      receiver.close();
      var code = codeOf(() -> receive.await(SOON));
      assertTrue(code == ErrorCode.CLOSED || code == ErrorCode.LINK_FAILED, code::name);
    }
  }

  @Test
  void everythingSentIsThereAfterAFlush() {
    try (Buffer from = Pair.pattern(1 << 20, 2);
        Buffer to = Buffer.allocate(1 << 20)) {
      List<Transfer> receives = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        receives.add(receiver.receive(to.segment().asSlice(i << 16, 1 << 16), i));
        sender.send(from.segment().asSlice(i << 16, 1 << 16), i);
      }
      sender.flush(SOON);
      receives.forEach(receive -> receive.await(SOON));
      assertEquals(-1, from.segment().mismatch(to.segment()));
    }
  }

  @Test
  void aSendThatNobodyReceivesIsNotFlushed() {
    try (Buffer from = Pair.pattern(8 << 20, 2)) {
      Transfer send = sender.send(from.segment(), 1);
      assertEquals(ErrorCode.TIMEOUT, codeOf(() -> sender.flush(Duration.ofMillis(50))));
      send.cancel();
      assertDoesEnd(send);
    }
  }

  @Test
  void lanesTellWhatTheyCarried() {
    try (Buffer from = Pair.pattern(32 << 20, 2);
        Buffer to = Buffer.allocate(32 << 20)) {
      exchange(from.segment(), to.segment());
      List<LaneStatistics> lanes = sender.lanes();
      assertEquals(4, lanes.size());
      assertTrue(lanes.stream().allMatch(lane -> lane.alive() && lane.device().equals("lo")));
      assertTrue(lanes.stream().mapToLong(LaneStatistics::sentBytes).sum() >= 32 << 20);
      assertEquals(0, lanes.stream().mapToLong(LaneStatistics::inFlightBytes).sum());
      assertTrue(lanes.stream().anyMatch(lane -> lane.bytesPerSecond() > 0));
      assertEquals(1, sender.peerRank());
      assertEquals(0, receiver.peerRank());
    }
  }

  @Test
  void aBufferClosedInFlightIsKeptUntilItsTransferEnds() {
    Buffer to = Buffer.allocate(1 << 20);
    Transfer receive = receiver.receive(to.segment(), 7);
    to.close();
    assertFalse(to.segment().scope().isAlive());
    try (Buffer from = Pair.pattern(1 << 20, 2)) {
      sender.send(from.segment(), 7).await(SOON);
      assertEquals(1 << 20, receive.await(SOON));
    }
  }
}
