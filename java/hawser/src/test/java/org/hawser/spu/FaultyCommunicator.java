package org.hawser.spu;

import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.ForwardingCommunicator;
import org.hawser.comm.Key;

/** A communicator to which something happens once it has sent so many messages after arming. */
final class FaultyCommunicator extends ForwardingCommunicator {
  private final Runnable fault;
  private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);

  FaultyCommunicator(Communicator inner, Runnable fault) {
    super(inner);
    this.fault = fault;
  }

  void failAfter(int sends) {
    left.set(sends);
  }

  @Override
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    if (left.getAndDecrement() == 0) {
      fault.run();
    }
    super.send(to, key, address, bytes, completion, context);
  }
}
