package org.hawser.lane;

import org.hawser.ffi.Cycles;
import org.hawser.mem.Buffer;
import org.hawser.mem.Unpacker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lanes and all that is opened on them, and memory: nothing of it stays when it is closed. */
@Timeout(300)
class LaneCyclesTest {
  private static final int BYTES = 100_000;
  private static final LaneOptions ONE_LANE = LaneOptions.defaults().withLanes("=lo");

  @Test
  void linksAndRegistrations() throws Exception {
    Cycles.assertFlat(
        () -> {
          try (var pair = new Pair(ONE_LANE);
              Buffer mine = Buffer.allocate(BYTES);
              Buffer theirs = Buffer.allocate(BYTES);
              Registration _ = pair.toRight.register(mine.segment())) {
            Transfer received = pair.toLeft.receive(theirs.segment(), 7);
            pair.toRight.send(mine.segment(), 7).await(Pair.SOON);
            received.await(Pair.SOON);
          }
        });
  }

  @Test
  void memoryAndUnpackers() throws Exception {
    Cycles.assertFlat(
        () -> {
          Buffer.allocate(BYTES).close();
          Buffer.allocateShared(BYTES).close();
          Unpacker.host(2).close();
        });
  }
}
