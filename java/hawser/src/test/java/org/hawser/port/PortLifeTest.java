package org.hawser.port;

import static org.hawser.port.Side.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Background;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Closing: in any order, at any time, and what it does to those who wait. */
@Timeout(120)
class PortLifeTest {
  private static List<AutoCloseable> parts(Side side) {
    return new ArrayList<>(
        List.of(
            side.channel,
            side.proxy,
            side.semaphore,
            side.connection,
            side.memory,
            side.remote,
            side.context,
            side.buffer));
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void everyOrderOfClosingIsSafeWhileThreadsUseThem(Transport transport) throws Exception {
    for (int seed = 0; seed < 8; seed++) {
      List<Side> pair = Side.pair(transport);
      pair.forEach(Side::start);
      List<CompletableFuture<HawserException>> users = new ArrayList<>();
      for (Side side : pair) {
        users.add(Background.failing(() -> putForever(side)));
        users.add(Background.failing(() -> waitForever(side)));
      }
      List<AutoCloseable> parts = parts(pair.getFirst());
      parts.addAll(parts(pair.getLast()));
      Collections.shuffle(parts, new Random(seed));
      Background.pause(10);
      for (AutoCloseable part : parts) {
        part.close();
        part.close();
      }
      for (var user : users) {
        HawserException failure = Background.join(user);
        assertTrue(failure.code() != ErrorCode.TIMEOUT, failure::getMessage);
      }
      pair.forEach(Side::close);
    }
  }

  private static void putForever(Side side) {
    for (long i = 0; ; i++) {
      side.channel.putWithSignal(0, 0, i % 2 == 0 ? 8 : 64 << 10);
    }
  }

  private static void waitForever(Side side) {
    while (true) {
      side.channel.awaitSignal(SOON);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void closingAConnectionWakesBothSides(Transport transport) throws Exception {
    List<Side> pair = Side.pair(transport);
    try (Side left = pair.getFirst();
        Side right = pair.getLast()) {
      var here = Background.failing(() -> left.channel.awaitSignal(SOON));
      var there = Background.failing(() -> right.channel.awaitSignal(SOON));
      Background.pause(20);
      left.connection.close();
      assertEquals(ErrorCode.CLOSED, Background.join(here).code());
      HawserException told = Background.join(there);
      assertEquals(ErrorCode.CLOSED, told.code(), told::getMessage);
      assertEquals(0, told.rank());
      assertThrows(HawserException.class, () -> left.channel.putWithSignal(0, 0, 8));
      assertThrows(HawserException.class, () -> right.channel.poll());
    }
  }

  @Test
  void aClosedChannelWakesItsWaiterAlone() {
    List<Side> pair = Side.pair(Transport.MEMORY);
    try (Side left = pair.getFirst();
        Side right = pair.getLast()) {
      var waiting = Background.failing(() -> left.channel.awaitSignal(SOON));
      Background.pause(20);
      left.channel.close();
      assertEquals(ErrorCode.CLOSED, Background.join(waiting).code());
      right.start().channel.signal();
      left.semaphore.awaitSignal(SOON);
    }
  }

  @Test
  void aRegisteredBufferMayBeClosedFirst() {
    List<Side> pair = Side.pair(Transport.MEMORY);
    try (Side left = pair.getFirst();
        Side right = pair.getLast()) {
      left.start();
      right.buffer.close();
      left.channel.putWithSignal(0, 0, Side.BYTES);
      right.channel.awaitSignal(SOON);
      left.buffer.close();
      left.channel.putWithSignal(0, 0, Side.BYTES);
      left.channel.flush(SOON);
    }
  }

  /** Of pages that are unmapped at once when nobody uses them: reading on would end the process. */
  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "TCP"})
  void aSourceMayBeClosedWhileItIsBeingRead(Transport transport) {
    for (int i = 0; i < 15; i++) {
      List<Side> pair = Side.pair(transport);
      try (Side left = pair.getFirst();
          Side right = pair.getLast()) {
        left.start();
        Buffer source = Buffer.allocate(Side.BYTES);
        var memory = left.context.register(source.segment());
        int local = left.proxy.addMemory(memory);
        int semaphore = left.proxy.addSemaphore(left.semaphore);
        var channel = left.proxy.portChannel(semaphore, left.proxy.addMemory(left.remote), local);
        var putting =
            Background.failing(
                () -> {
                  while (true) {
                    channel.putWithSignal(0, 0, Side.BYTES);
                  }
                });
        right.channel.awaitSignal(SOON);
        memory.close();
        source.close();
        Background.join(putting);
      }
    }
  }

  @Test
  void memoryThatPeersCannotReachIsRefused() {
    try (var context = PortContext.open(Side.options(0), "127.0.0.1");
        var buffer = Buffer.allocate(4096)) {
      refused("shared", () -> context.register(buffer.segment(), Transport.MEMORY));
      refused("heap", () -> context.register(MemorySegment.ofArray(new long[8])));
      Arena arena = Arena.ofShared();
      var segment = arena.allocate(64);
      arena.close();
      refused("closed", () -> context.register(segment));
      context.register(buffer.segment()).close();
    }
  }

  @Test
  void bytesThatAreNoneAreRefused() {
    List<Side> pair = Side.pair(Transport.MEMORY);
    try (Side left = pair.getFirst();
        Side right = pair.getLast();
        var endpoint = left.context.endpoint(EndpointConfig.of(Transport.MEMORY))) {
      for (byte[] bytes : List.of(new byte[0], new byte[] {1, 2, 3}, new byte[500])) {
        refused("bytes", () -> left.context.deserialize(bytes, SOON));
        refused("bytes", () -> endpoint.connect(bytes, SOON));
        refused("bytes", () -> left.semaphore.join(bytes, SOON));
      }
      byte[] cut = right.memory.serialize();
      refused("", () -> left.context.deserialize(Arrays.copyOf(cut, 20), SOON));
    }
  }

  private static void refused(String says, Runnable call) {
    var failure = assertThrows(HawserException.class, call::run);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code(), failure::getMessage);
    assertTrue(failure.getMessage().contains(says), failure::getMessage);
  }

  @Test
  void aPeerThatDoesNotConnectIsATimeoutThatNamesIt() {
    try (var left = PortContext.open(Side.options(0), "127.0.0.1");
        var right = PortContext.open(Side.options(1), "127.0.0.1");
        var mine = left.endpoint(EndpointConfig.of(Transport.MEMORY));
        var theirs = right.endpoint(EndpointConfig.of(Transport.MEMORY))) {
      byte[] told = theirs.serialize();
      var failure =
          assertThrows(HawserException.class, () -> mine.connect(told, Duration.ofMillis(200)));
      assertEquals(ErrorCode.TIMEOUT, failure.code(), failure::getMessage);
      assertTrue(failure.getMessage().contains("rank 1"), failure::getMessage);
    }
  }

  @Test
  void whatAClosedContextMadeRefuses() {
    var context = PortContext.open(Side.options(0), "127.0.0.1");
    var endpoint = context.endpoint(EndpointConfig.of(Transport.MEMORY));
    context.close();
    for (Runnable call : List.<Runnable>of(endpoint::serialize, context::transports)) {
      var failure = assertThrows(HawserException.class, call::run);
      assertEquals(ErrorCode.CLOSED, failure.code());
    }
  }
}
