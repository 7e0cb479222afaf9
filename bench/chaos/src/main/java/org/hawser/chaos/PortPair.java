package org.hawser.chaos;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.SplittableRandom;
import org.hawser.comm.Communicator;
import org.hawser.lane.LaneOptions;
import org.hawser.mem.Buffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortChannel;
import org.hawser.port.PortContext;
import org.hawser.port.PortPeer;
import org.hawser.port.ProxyService;
import org.hawser.port.RegisteredMemory;
import org.hawser.port.Transport;

/**
 * One rank's end of a port to the other: puts with signals both ways at once. The lower half of the
 * memory is what this rank puts from, the upper half what the peer puts into.
 */
final class PortPair implements AutoCloseable {
  private static final Duration MEET = Duration.ofSeconds(10);
  private static final int HALF = 256 << 10;

  private final Tally tally;
  private final int peer;
  private final Buffer buffer = Buffer.allocateShared(2 * HALF);
  private final PortContext context;
  private final PortChannel channel;
  private long number;

  PortPair(Communicator communicator, LaneOptions options, String address, Tally tally) {
    this.tally = tally;
    this.peer = 1 - communicator.rank();
    context = PortContext.open(options, address);
    try {
      RegisteredMemory memory = context.register(buffer.segment(), Transport.TCP);
      PortPeer met =
          PortBootstrap.over(communicator, context)
              .meet(EndpointConfig.of(Transport.TCP), memory, peer, MEET)
              .await();
      var proxy = new ProxyService(context);
      channel = met.channel(proxy, memory);
      proxy.startProxy();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Both put, wait for the other's signal, check what came, and say that they have. */
  void round() {
    int bytes = Content.HEAD + new SplittableRandom(number).nextInt(HALF - Content.HEAD);
    Content.fill(buffer.segment().asSlice(0, bytes), number, 0);
    channel.putWithSignal(HALF, 0, bytes);
    Waits.within(tally, Waits.LONG, "a signal of rank " + peer, this::awaitSignal);
    MemorySegment came = buffer.segment().asSlice(HALF, bytes);
    tally.bytes.addAndGet(bytes);
    long wrong = Content.number(came) == number ? Content.wrongBytes(came) : bytes;
    if (wrong > 0) {
      tally.wrong(wrong, "put %d of rank %d".formatted(number, peer));
    }
    // The peer may put again once both have looked.
    channel.signal();
    Waits.within(tally, Waits.LONG, "a second signal of rank " + peer, this::awaitSignal);
    number++;
  }

  private Void awaitSignal() {
    channel.awaitSignal(Waits.LONG);
    return null;
  }

  @Override
  public void close() {
    context.close();
    buffer.close();
  }
}
