package org.hawser.comm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only lanes do; the contract that all communicators keep is tested elsewhere. */
class LaneCommunicatorTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final LaneWorld world = new LaneWorld(3);
  private final Arena arena = Arena.ofShared();

  @BeforeEach
  void everybodyIsThere() {
    assertEquals(3, world.rank(0).worldSize());
  }

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  private MemorySegment random(long bytes, long seed) {
    MemorySegment segment = arena.allocate(bytes);
    var random = new Random(seed);
    for (long at = 0; at < bytes; at++) {
      segment.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
    }
    return segment;
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Around every length at which a message changes the way it goes. */
  @Test
  void keepsTheOrderOfMessagesThatGoDifferentWays() {
    int[] lengths = {
      0, 1, 4095, 4096, 4097, 8000, 8192, 9000, 65000, 65496, 65504, 65505, 65536, 70000, 1 << 20, 3
    };
    for (int repeat = 0; repeat < 3; repeat++) {
      for (int i = 0; i < lengths.length; i++) {
        world.rank(0).send(1, "key", random(lengths[i], i));
      }
      for (int i = 0; i < lengths.length; i++) {
        try (Message message = world.rank(1).recv(0, "key", SOON)) {
          assertArrayEquals(bytes(random(lengths[i], i)), bytes(message.segment()), "message " + i);
        }
      }
    }
  }

  @Test
  void sendsToItself() {
    world.rank(2).sendSync(2, "self", random(100, 1), SOON);
    assertTrue(world.rank(2).hasMessage(2, "self"));
    try (Message message = world.rank(2).recv(2, "self", SOON)) {
      assertArrayEquals(bytes(random(100, 1)), bytes(message.segment()));
    }
  }

  @Test
  void tellsItsPeersThatItGivesUp() {
    var waiting =
        CompletableFuture.supplyAsync(
            () -> assertThrows(HawserException.class, () -> world.rank(0).recv(2, "never", SOON)),
            task -> Thread.ofPlatform().start(task));
    world.rank(2).abort("the disk is full");
    HawserException failure = waiting.join();
    assertEquals(ErrorCode.CLOSED, failure.code());
    assertEquals(2, failure.rank());
    assertTrue(failure.getMessage().contains("the disk is full"), failure.getMessage());
  }

  @Test
  void namesTheRankThatLeft() {
    world.rank(0).send(1, "before", random(10, 1));
    world.rank(0).close();
    try (Message message = world.rank(1).recv(0, "before", SOON)) {
      assertEquals(10, message.bytes());
    }
    var failure = assertThrows(HawserException.class, () -> world.rank(1).recv(0, "after", SOON));
    assertEquals(0, failure.rank());
    assertTrue(failure.getMessage().contains("rank 0"), failure.getMessage());
    world.rank(2).sendSync(1, "others go on", random(8, 3), SOON);
    world.rank(1).recv(2, "others go on", SOON).close();
  }

  @Test
  void countsItsTraffic() {
    world.rank(0).send(1, "a", random(10, 1)).await(SOON);
    world.rank(0).send(1, "b", random(100_000, 1));
    world.rank(1).recv(0, "b", SOON).close();
    var sent = world.rank(0).statistics();
    var received = world.rank(1).statistics();
    assertEquals(2, sent.messagesSent());
    assertEquals(100_010, sent.bytesSent());
    assertEquals(100_010, received.bytesReceived());
    assertEquals(10, received.bytesWaiting());
    assertFalse(world.rank(1).hasMessage(0, "b"));
  }
}
