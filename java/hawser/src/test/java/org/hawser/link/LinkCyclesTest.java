package org.hawser.link;

import java.util.List;
import java.util.stream.IntStream;
import org.hawser.comm.Background;
import org.hawser.comm.World;
import org.hawser.ffi.Cycles;
import org.hawser.ffi.RequiresSpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Links of libspu over channels of ours: nothing of them stays when they are closed. */
@RequiresSpu
@Timeout(300)
class LinkCyclesTest {
  private static final int[] BOTH = {0, 1};

  @Test
  void linksOverChannels() throws Exception {
    try (World world = World.ofThreads(2)) {
      Cycles.assertFlat(
          () -> {
            List<LinkCommunicator> links =
                IntStream.of(BOTH)
                    .mapToObj(rank -> Background.start(() -> open(world, rank)))
                    .toList()
                    .stream()
                    .map(Background::join)
                    .toList();
            links.stream()
                .map(link -> Background.run(link::close))
                .toList()
                .forEach(Background::join);
          });
    }
  }

  private static LinkCommunicator open(World world, int rank) {
    return LinkCommunicator.channels(
        world.ranks().get(rank), BOTH, LinkOptions.DEFAULT.withId("cycle"));
  }
}
