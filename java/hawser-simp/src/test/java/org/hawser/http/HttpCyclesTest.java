package org.hawser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.comm.Message;
import org.hawser.ffi.Cycles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nodes and communicators over HTTP: nothing of them stays when they are closed. */
@Timeout(300)
class HttpCyclesTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @Test
  void nodesAndCommunicators() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment payload = arena.allocate(10_000);
      Cycles.assertFlat(
          () -> {
            try (var world = new HttpWorld(2)) {
              world.ranks().get(0).send(1, "key", payload);
              try (Message message = world.ranks().get(1).recv(0, "key", SOON)) {
                assertEquals(payload.byteSize(), message.segment().byteSize());
              }
            }
          });
    }
  }
}
