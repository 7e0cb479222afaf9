package org.hawser.link;

import org.hawser.comm.LaneWorld;
import org.hawser.comm.World;

class LaneChannelTest extends ChannelContract {
  @Override
  protected World open(int size) {
    return new LaneWorld(size);
  }
}
