package org.hawser.simp;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Key;

/**
 * Values between the parties of one job. A message's key is {@code job:n}, where {@code n} counts
 * what the two parties have told each other, in both directions together: as mplang numbers them.
 * One thread uses it.
 */
public final class Conversation {
  private final WorkerInterpreter worker;
  private final Communicator communicator;
  private final String job;
  private final int[] told;

  Conversation(WorkerInterpreter worker, String job) {
    this.worker = worker;
    this.communicator = worker.communicator();
    this.job = job;
    this.told = new int[worker.worldSize()];
  }

  /** Sends a value; ends when the peer's communicator has it, or a copy of it is on the way. */
  public void send(int to, Object value) {
    requirePeer(to);
    sendUnder(next(to), to, value);
  }

  /** Waits for the peer's next value. */
  public Object receive(int from) {
    requirePeer(from);
    return receiveUnder(next(from), from);
  }

  /**
   * Both at once, under one number: neither waits for the other to receive first.
   *
   * @throws HawserException UNSUPPORTED when the peer is not Hawser's: mplang's would wait forever
   */
  public Object exchange(int peer, Object value) {
    requirePeer(peer);
    if (!worker.isHawser(peer)) {
      throw new HawserException(
          ErrorCode.UNSUPPORTED,
          "rank %d cannot swap values with rank %d, which is mplang's and would wait forever: "
                  .formatted(worker.rank(), peer)
              + "use two shuffles, one a direction");
    }
    Key key = next(peer);
    sendUnder(key, peer, value);
    return receiveUnder(key, peer);
  }

  private void requirePeer(int peer) {
    if (peer < 0 || peer >= told.length || peer == worker.rank()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d: there is no peer of rank %d; ranks are 0 to %d"
              .formatted(worker.rank(), peer, told.length - 1));
    }
  }

  private Key next(int peer) {
    return Key.of(job + ":" + told[peer]++);
  }

  private void sendUnder(Key key, int to, Object value) {
    Containers.send(communicator, to, key, value, worker.timeout());
  }

  private Object receiveUnder(Key key, int from) {
    return Containers.receive(communicator, from, key, worker.timeout());
  }

  /** Whoever waits for a message of this job fails; any thread may say so. */
  void refuse(HawserException reason) {
    Key prefix = prefix();
    for (int rank = 0; rank < told.length; rank++) {
      communicator.refuse(rank, prefix, reason);
    }
  }

  /** Takes {@link #refuse} back, when nobody can wait any more. */
  void admit() {
    Key prefix = prefix();
    for (int rank = 0; rank < told.length; rank++) {
      communicator.admit(rank, prefix);
    }
  }

  private Key prefix() {
    return Key.of(job + ":");
  }
}
