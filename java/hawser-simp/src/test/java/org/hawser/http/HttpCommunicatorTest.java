package org.hawser.http;

import org.hawser.comm.CommunicatorContract;
import org.hawser.comm.World;

class HttpCommunicatorTest extends CommunicatorContract {
  @Override
  protected World open(int size) {
    return new HttpWorld(size);
  }
}
