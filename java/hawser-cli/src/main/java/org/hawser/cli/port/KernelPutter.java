package org.hawser.cli.port;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.mem.DeviceBuffer;
import org.hawser.port.PortChannel;

/**
 * The example's kernel, on a GPU. It flushes before it ends.
 *
 * @param buffer registered with the channel
 * @param memory of the host, as long as the buffer
 */
record KernelPutter(PortChannel channel, DeviceBuffer buffer, MemorySegment memory, int rank)
    implements Putter {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Override
  public void publish(long offset, long bytes) {
    buffer.write(offset, memory.asSlice(offset, bytes));
  }

  @Override
  public void fetch(long offset, long bytes) {
    buffer.read(offset, memory.asSlice(offset, bytes));
  }

  @Override
  public long put(long bytes, int iterations) {
    return channel.runBidirectionalKernel(buffer.gpu(), rank, bytes, iterations, LIMIT).toNanos();
  }

  @Override
  public void settle() {
    // Every run of the kernel ends settled.
  }
}
