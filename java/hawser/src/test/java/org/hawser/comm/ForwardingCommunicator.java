package org.hawser.comm;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.hawser.HawserException;

/** Leaves everything to another communicator, but for what a subclass changes. */
public class ForwardingCommunicator implements Communicator {
  private final Communicator carrier;

  public ForwardingCommunicator(Communicator carrier) {
    this.carrier = carrier;
  }

  @Override
  public void send(int to, Key key, long address, long bytes, Completion completion, long context) {
    carrier.send(to, key, address, bytes, completion, context);
  }

  @Override
  public void deliver(
      int to, Key key, long address, long bytes, Completion completion, long context) {
    carrier.deliver(to, key, address, bytes, completion, context);
  }

  @Override
  public int rank() {
    return carrier.rank();
  }

  @Override
  public int worldSize() {
    return carrier.worldSize();
  }

  @Override
  public Message recv(int from, Key key, long timeoutNanos) {
    return carrier.recv(from, key, timeoutNanos);
  }

  @Override
  public boolean hasMessage(int from, Key key) {
    return carrier.hasMessage(from, key);
  }

  @Override
  public Optional<byte[]> peekMessage(int from, Key key, int bytes) {
    return carrier.peekMessage(from, key, bytes);
  }

  @Override
  public void refuse(int from, Key prefix, HawserException reason) {
    carrier.refuse(from, prefix, reason);
  }

  @Override
  public void admit(int from, Key prefix) {
    carrier.admit(from, prefix);
  }

  @Override
  public void discard(Key prefix, HawserException reason) {
    carrier.discard(prefix, reason);
  }

  @Override
  public long maxMessageBytes() {
    return carrier.maxMessageBytes();
  }

  @Override
  public boolean isHawser(int rank) {
    return carrier.isHawser(rank);
  }

  @Override
  public CommStatistics statistics() {
    return carrier.statistics();
  }

  @Override
  public void abort(String reason) {
    carrier.abort(reason);
  }

  @Override
  public void close() {
    carrier.close();
  }

  @Override
  public void await(BooleanSupplier done, long timeoutNanos) {
    carrier.await(done, timeoutNanos);
  }
}
