package org.hawser.port;

import java.util.List;
import org.hawser.comm.Background;
import org.hawser.ffi.Cycles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Contexts, connections, memories, semaphores and proxies: nothing stays when they are closed. */
@Timeout(300)
class PortCyclesTest {
  @Test
  void contextsAndAllThatTheyMake() throws Exception {
    Cycles.assertFlat(
        () -> {
          List<Side> sides = Side.pair(Transport.MEMORY);
          sides.forEach(Side::start);
          sides.get(0).channel.putWithSignal(0, 0, 8);
          sides.get(1).channel.awaitSignal(Side.SOON);
          var other = Background.run(sides.get(1)::close);
          sides.get(0).close();
          Background.join(other);
        });
  }
}
