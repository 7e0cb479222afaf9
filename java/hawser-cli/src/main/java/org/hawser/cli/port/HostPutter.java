package org.hawser.cli.port;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.port.PortChannel;

/**
 * A thread of the host, which puts from host memory as the example's kernel does from a GPU's.
 *
 * @param memory registered with the channel
 */
record HostPutter(PortChannel channel, MemorySegment memory, int rank) implements Putter {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Override
  public void publish(long offset, long bytes) {
    // The channel reads what the host writes.
  }

  @Override
  public void fetch(long offset, long bytes) {
    // The host reads what the peer's channel writes.
  }

  @Override
  public long put(long bytes, int iterations) {
    channel.signal();
    channel.awaitSignal(LIMIT);
    long begin = System.nanoTime();
    for (int i = 0; i < iterations; i++) {
      channel.putWithSignal(rank * bytes, rank * bytes, bytes);
      channel.awaitSignal(LIMIT);
    }
    return System.nanoTime() - begin;
  }

  @Override
  public void settle() {
    channel.flush(LIMIT);
  }
}
