package org.hawser.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.hawser.port.Side.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ports promise, between two ranks of one process. */
@Timeout(120)
class PortTest {
  /** More than a caller copies itself: goes through the FIFO. */
  private static final int LONG_PUT = 64 << 10;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private Side left;
  private Side right;

  private void open(Transport transport) {
    open(transport, ProxyService.FIFO_SIZE);
  }

  private void open(Transport transport, int fifo) {
    List<Side> pair = Side.pair(transport, fifo);
    left = pair.getFirst();
    right = pair.getLast();
    opened.addAll(pair);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  private static HawserException refusal(ErrorCode code, Runnable call) {
    var failure = assertThrows(HawserException.class, call::run);
    assertEquals(code, failure.code(), failure::getMessage);
    return failure;
  }

  private static void assertSays(HawserException failure, String... parts) {
    for (String part : parts) {
      assertTrue(failure.getMessage().contains(part), failure::getMessage);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void whatIsPutIsThereWhenTheSignalIs(Transport transport) {
    open(transport);
    left.start();
    right.start();
    for (int bytes : new int[] {1, 8, 4096, LONG_PUT, Side.BYTES}) {
      left.buffer.segment().fill((byte) bytes);
      right.buffer.segment().fill((byte) 0);
      left.channel.putWithSignal(Side.BYTES - bytes, 0, bytes);
      right.channel.awaitSignal(SOON);
      MemorySegment arrived = right.buffer.segment().asSlice(Side.BYTES - bytes);
      assertEquals(-1, arrived.mismatch(left.buffer.segment().asSlice(0, bytes)), "" + bytes);
      left.channel.flush(SOON);
    }
    assertTrue(left.connection.statistics().bytes() >= Side.BYTES);
    assertEquals(5, left.connection.statistics().signals());
    assertEquals(1, left.connection.peerRank());
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void everySignalEndsOneWait(Transport transport) {
    open(transport);
    left.start();
    assertFalse(right.channel.poll());
    for (int i = 0; i < 3; i++) {
      left.channel.signal();
    }
    left.channel.flush(SOON);
    assertTrue(right.channel.poll());
    right.channel.awaitSignal(SOON);
    right.semaphore.awaitSignal(SOON);
    assertFalse(right.channel.poll());
    refusal(ErrorCode.TIMEOUT, () -> right.channel.awaitSignal(Duration.ofMillis(20)));
    left.channel.signal();
    right.channel.awaitSignal(SOON);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void pollsAndWaitsOfManyThreadsTakeEachSignalOnce(Transport transport) {
    open(transport);
    left.start();
    int signals = 3000;
    var taken = new AtomicLong();
    List<CompletableFuture<Void>> takers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      takers.add(
          Background.run(
              () -> {
                while (taken.get() < signals) {
                  if (right.channel.poll()) {
                    taken.incrementAndGet();
                  } else {
                    Thread.yield();
                  }
                }
              }));
    }
    for (int i = 0; i < signals; i++) {
      left.channel.signal();
    }
    takers.forEach(Background::join);
    assertEquals(signals, taken.get());
    assertFalse(right.channel.poll());
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aFlushedSourceMayChange(Transport transport) {
    open(transport);
    left.start();
    left.buffer.segment().fill((byte) 1);
    left.channel.putWithSignalAndFlush(0, 0, Side.BYTES, SOON);
    left.buffer.segment().fill((byte) 2);
    right.channel.awaitSignal(SOON);
    assertEquals(-1, right.buffer.segment().mismatch(filled((byte) 1)));
  }

  private MemorySegment filled(byte value) {
    var buffer = Buffer.allocate(Side.BYTES);
    opened.add(buffer);
    return buffer.segment().fill(value);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void virtualThreadsWaitToo(Transport transport) throws Exception {
    open(transport);
    left.start();
    right.start();
    var waits = new CompletableFuture<Void>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                right.channel.awaitSignal(SOON);
                right.channel.putWithSignalAndFlush(0, 0, LONG_PUT, SOON);
                waits.complete(null);
              } catch (Throwable e) {
                waits.completeExceptionally(e);
              }
            });
    Background.pause(50);
    left.channel.signal();
    left.channel.awaitSignal(SOON);
    Background.join(waits);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void anInterruptEndsAWait(Transport transport) throws Exception {
    open(transport);
    for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
      var failure = new CompletableFuture<HawserException>();
      Thread waiter =
          builder.start(
              () ->
                  failure.complete(
                      assertThrows(HawserException.class, () -> left.channel.awaitSignal(SOON))));
      Background.pause(20);
      waiter.interrupt();
      assertEquals(ErrorCode.CANCELLED, Background.join(failure).code());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aPutOutOfBoundsNamesBothMemories(Transport transport) {
    open(transport);
    left.start();
    for (long bytes : new long[] {8, LONG_PUT}) {
      var failure =
          refusal(
              ErrorCode.INVALID_ARGUMENT, () -> left.channel.put(Side.BYTES - bytes + 1, 0, bytes));
      assertSays(failure, "of rank 0", "of rank 1", "out of bounds");
      assertEquals(1, failure.rank());
    }
    refusal(ErrorCode.INVALID_ARGUMENT, () -> left.channel.put(0, -1, 8));
    refusal(ErrorCode.INVALID_ARGUMENT, () -> left.channel.put(0, 0, -1));
    left.channel.putWithSignal(0, 0, 8);
    right.channel.awaitSignal(SOON);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aPutFromFreedMemoryNamesBothMemories(Transport transport) {
    open(transport);
    left.start();
    left.memory.close();
    var failure = refusal(ErrorCode.INVALID_ARGUMENT, () -> left.channel.putWithSignal(0, 0, 8));
    assertSays(failure, "of rank 0", "of rank 1", "freed");
    refusal(ErrorCode.CLOSED, left.memory::serialize);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aPutToFreedMemoryFailsItsSenderAndCorruptsNobody(Transport transport) {
    open(transport);
    left.start();
    right.memory.close();
    var failure =
        assertThrows(
            HawserException.class,
            () -> {
              left.channel.putWithSignal(0, 0, LONG_PUT);
              left.channel.flush(SOON);
            });
    assertSays(failure, "of rank 1", "freed");
    assertEquals(0, right.buffer.segment().get(JAVA_LONG, 0));
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aFullFifoIsBackPressureAndLosesNothing(Transport transport) {
    open(transport, 4);
    int puts = 200;
    for (int i = 0; i < puts; i++) {
      left.buffer.segment().set(JAVA_LONG, (long) i * LONG_PUT % Side.BYTES, i);
    }
    var putting =
        Background.run(
            () -> {
              for (int i = 0; i < puts; i++) {
                left.channel.putWithSignal(0, 0, LONG_PUT);
              }
            });
    Background.pause(50);
    left.start();
    Background.join(putting);
    for (int i = 0; i < puts; i++) {
      right.channel.awaitSignal(SOON);
    }
    assertFalse(right.channel.poll());
    left.channel.flush(SOON);
    assertEquals(puts, left.connection.statistics().puts());
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aStoppedProxyHasServedWhatWasQueued(Transport transport) {
    open(transport);
    left.start();
    int puts = 300;
    for (int i = 0; i < puts; i++) {
      left.channel.putWithSignal(0, 0, LONG_PUT);
    }
    left.proxy.stopProxy(SOON);
    for (int i = 0; i < puts; i++) {
      right.channel.awaitSignal(SOON);
    }
    left.start();
    left.channel.putWithSignal(0, 0, LONG_PUT);
    right.channel.awaitSignal(SOON);
    refusal(ErrorCode.INVALID_ARGUMENT, left.proxy::startProxy);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aFlushWithoutAProxyIsATimeout(Transport transport) {
    open(transport);
    left.channel.put(0, 0, Side.BYTES);
    if (transport == Transport.MEMORY) { // others need no proxy to post
      refusal(ErrorCode.TIMEOUT, () -> left.channel.flush(Duration.ofMillis(50)));
    }
    left.start();
    left.channel.flush(SOON);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void manyChannelsShareOneProxy(Transport transport) {
    open(transport, 16);
    left.start();
    int channels = 20;
    List<PortChannel> from = new ArrayList<>();
    List<PortChannel> to = new ArrayList<>();
    for (int i = 0; i < channels; i++) {
      var one = left.another();
      to.add(Background.join(right.another()));
      from.add(Background.join(one));
    }
    int share = Side.BYTES / channels / 8 * 8;
    List<CompletableFuture<Void>> work = new ArrayList<>();
    for (int i = 0; i < channels; i++) {
      int each = i;
      work.add(Background.run(() -> putRounds(from.get(each), each * share, share)));
      work.add(Background.run(() -> checkRounds(to.get(each), each * share)));
    }
    work.forEach(Background::join);
  }

  private static final int ROUNDS = 20;

  private void putRounds(PortChannel channel, long offset, long share) {
    for (long round = 1; round <= ROUNDS; round++) {
      left.buffer.segment().set(JAVA_LONG, offset, round);
      channel.putWithSignalAndFlush(offset, offset, share, SOON);
    }
  }

  private void checkRounds(PortChannel channel, long offset) {
    for (long round = 1; round <= ROUNDS; round++) {
      channel.awaitSignal(SOON);
      long seen = right.buffer.segment().get(JAVA_LONG, offset);
      assertTrue(seen >= round, seen + " at round " + round);
    }
  }

  /** Every signal is behind the bytes of its put: a slot is only written again once it was read. */
  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void noSignalOvertakesItsBytes(Transport transport) {
    open(transport, 8);
    left.start();
    right.start();
    int slots = 8;
    int bytes = Side.BYTES / slots;
    var checking =
        Background.run(
            () -> {
              for (long i = 0; i < 1500; i++) {
                right.channel.awaitSignal(SOON);
                checkSlot(i, i % slots * bytes, size(i, bytes));
                right.channel.signal();
              }
            });
    for (long i = 0; i < 1500; i++) {
      if (i >= slots) {
        left.channel.awaitSignal(SOON);
        left.channel.flush(SOON);
      }
      long at = i % slots * bytes;
      fillSlot(i, at, size(i, bytes));
      left.channel.putWithSignal(at, at, size(i, bytes));
    }
    Background.join(checking);
  }

  /** 8 bytes, or some, or a whole slot. */
  private static int size(long i, int slot) {
    return switch ((int) (i % 3)) {
      case 0 -> 8;
      case 1 -> 2048;
      default -> slot;
    };
  }

  private void fillSlot(long value, long at, int bytes) {
    for (int word = 0; word < bytes; word += 8) {
      left.buffer.segment().set(JAVA_LONG, at + word, value * 31 + word);
    }
  }

  private void checkSlot(long value, long at, int bytes) {
    for (int word = 0; word < bytes; word += 8) {
      assertEquals(value * 31 + word, right.buffer.segment().get(JAVA_LONG, at + word));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void connectionsServeWithoutAProxy(Transport transport) {
    open(transport);
    left.buffer.segment().set(JAVA_LONG, 0, 42);
    Background.until(() -> left.connection.put(left.remote, 8, left.memory, 0, 8));
    Background.until(() -> left.connection.signal(left.semaphore));
    left.connection.flush(SOON);
    right.semaphore.awaitSignal(SOON);
    assertEquals(42, right.buffer.segment().get(JAVA_LONG, 8));
    refusal(
        ErrorCode.INVALID_ARGUMENT,
        () -> left.connection.put(left.remote, Side.BYTES, left.memory, 0, 8));
  }
}
