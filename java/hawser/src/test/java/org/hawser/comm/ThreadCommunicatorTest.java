package org.hawser.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;

class ThreadCommunicatorTest extends CommunicatorContract {
  private static final Duration SOON = Duration.ofSeconds(30);

  @Override
  protected World open(int size) {
    return World.ofThreads(size);
  }

  @Test
  void handsMemoryOver() {
    try (World world = World.ofThreads(2);
        Arena arena = Arena.ofConfined()) {
      MemorySegment segment = Payload.fill(arena.allocate(100), 1);
      Sending sending = world.ranks().get(0).send(1, "key", segment);
      try (Message message = world.ranks().get(1).recv(0, "key", SOON)) {
        assertEquals(segment.address(), message.address());
        assertFalse(sending.isDone());
      }
      sending.await(SOON);
    }
  }

  /** Its sender may have the memory back, and must not believe that it was received. */
  @Test
  void failsSendsThatAPeerDropsUnreceived() {
    try (World world = World.ofThreads(2);
        Arena arena = Arena.ofConfined()) {
      Sending sending = world.ranks().get(0).send(1, "key", arena.allocate(100));
      world.ranks().get(1).abort("enough");
      var failure = assertThrows(HawserException.class, () -> sending.await(SOON));
      assertEquals(1, failure.rank());
    }
  }
}
