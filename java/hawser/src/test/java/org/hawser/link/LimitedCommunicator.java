package org.hawser.link;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.ForwardingCommunicator;
import org.hawser.comm.Key;

/** A communicator that carries short messages only, and counts those under way. */
final class LimitedCommunicator extends ForwardingCommunicator {
  private final long limit;
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicInteger mostUnderWay = new AtomicInteger();

  LimitedCommunicator(Communicator carrier, long limit) {
    super(carrier);
    this.limit = limit;
  }

  int mostUnderWay() {
    return mostUnderWay.get();
  }

  @Override
  public long maxMessageBytes() {
    return limit;
  }

  private Completion counted(long bytes, Completion completion) {
    assertTrue(bytes <= limit, "bytes: " + bytes);
    mostUnderWay.accumulateAndGet(underWay.incrementAndGet(), Math::max);
    return (context, failure) -> {
      underWay.decrementAndGet();
      completion.ended(context, failure);
    };
  }

  @Override
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    super.send(to, key, address, bytes, counted(bytes, completion), context);
  }

  @Override
  public void deliver(
      int to, Key key, long address, long bytes, Completion completion, long context) {
    super.deliver(to, key, address, bytes, counted(bytes, completion), context);
  }
}
