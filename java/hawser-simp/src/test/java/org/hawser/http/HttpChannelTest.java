package org.hawser.http;

import org.hawser.comm.World;
import org.hawser.link.ChannelContract;

class HttpChannelTest extends ChannelContract {
  @Override
  protected World open(int size) {
    return new HttpWorld(size);
  }
}
