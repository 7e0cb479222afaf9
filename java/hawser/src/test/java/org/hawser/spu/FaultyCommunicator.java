package org.hawser.spu;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.hawser.HawserException;
import org.hawser.comm.CommStatistics;
import org.hawser.comm.Communicator;
import org.hawser.comm.Completion;
import org.hawser.comm.Key;
import org.hawser.comm.Message;

/** A communicator to which something happens once it has sent so many messages after arming. */
final class FaultyCommunicator implements Communicator {
  private final Communicator inner;
  private final Runnable fault;
  private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);

  FaultyCommunicator(Communicator inner, Runnable fault) {
    this.inner = inner;
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
    inner.send(to, key, address, bytes, completion, context);
  }

  @Override
  public int rank() {
    return inner.rank();
  }

  @Override
  public int worldSize() {
    return inner.worldSize();
  }

  @Override
  public Message recv(int from, Key key, long timeoutNanos) {
    return inner.recv(from, key, timeoutNanos);
  }

  @Override
  public boolean hasMessage(int from, Key key) {
    return inner.hasMessage(from, key);
  }

  @Override
  public Optional<byte[]> peekMessage(int from, Key key, int limit) {
    return inner.peekMessage(from, key, limit);
  }

  @Override
  public void refuse(int from, Key prefix, HawserException reason) {
    inner.refuse(from, prefix, reason);
  }

  @Override
  public void admit(int from, Key prefix) {
    inner.admit(from, prefix);
  }

  @Override
  public void sendSync(int to, Key key, long address, long bytes, long timeoutNanos) {
    inner.sendSync(to, key, address, bytes, timeoutNanos);
  }

  @Override
  public CommStatistics statistics() {
    return inner.statistics();
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
  }

  @Override
  public void close() {
    inner.close();
  }

  @Override
  public void await(BooleanSupplier done, long timeoutNanos) {
    inner.await(done, timeoutNanos);
  }
}
