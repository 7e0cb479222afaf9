package org.hawser.comm;

import java.lang.foreign.Arena;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LaneCommunicatorTest extends CommunicatorContract {
  private static final Duration SOON = Duration.ofSeconds(20);

  @Override
  protected World open(int size) {
    return new LaneWorld(size);
  }

  /** Around every length at which a message changes the way it goes. */
  @Test
  void keepsTheOrderOfMessagesThatGoDifferentWays() {
    int[] lengths = {
      0, 1, 4095, 4096, 4097, 8000, 8192, 9000, 33000, 33792, 34000, 65000, 65496, 65504, 65505,
      65536, 70000, 1 << 20, 3
    };
    try (World world = open(2);
        Arena arena = Arena.ofShared()) {
      for (int repeat = 0; repeat < 3; repeat++) {
        for (int i = 0; i < lengths.length; i++) {
          world.ranks().get(0).send(1, "key", Payload.fill(arena.allocate(lengths[i]), i));
        }
        for (int i = 0; i < lengths.length; i++) {
          try (Message message = world.ranks().get(1).recv(0, "key", SOON)) {
            Payload.check(message.segment(), lengths[i], i);
          }
        }
      }
    }
  }
}
