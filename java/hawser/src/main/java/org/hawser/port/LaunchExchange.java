package org.hawser.port;

import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.launch.Launch;

/** Over the exchange of a launched job, whose values all ranks may read. */
record LaunchExchange(Launch launch) implements PortExchange {
  /** A get holds up all others of its launch: it asks for so long, and queues behind them. */
  private static final Duration SLICE = Duration.ofMillis(20);

  @Override
  public int rank() {
    return launch.rank();
  }

  @Override
  public int size() {
    return launch.size();
  }

  @Override
  public void send(int to, String key, byte[] bytes, Duration timeout) {
    launch.put(key(key, to), bytes);
    launch.commit();
  }

  @Override
  public byte[] receive(int from, String key, Duration timeout) {
    var deadline = Deadline.in(timeout);
    while (true) {
      try {
        return launch.get(from, key(key, rank()), SLICE);
      } catch (HawserException e) {
        if (e.code() != ErrorCode.TIMEOUT || deadline.passed()) {
          throw e;
        }
      }
    }
  }

  private static String key(String key, int to) {
    return key + "-for-" + to;
  }
}
