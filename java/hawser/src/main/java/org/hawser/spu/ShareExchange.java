package org.hawser.spu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.comm.Communicator;
import org.hawser.comm.Message;
import org.hawser.comm.Sending;

/** Sends and receives the shares of one session. One thread at a time uses it. */
final class ShareExchange {
  private final Communicator communicator;
  private final String prefix;
  private final Duration timeout;
  private long messages;
  private long bytes;

  ShareExchange(Communicator communicator, String session, Duration timeout) {
    this.communicator = communicator;
    this.prefix = session + ".";
    this.timeout = timeout;
  }

  /** The next share that a rank sent under a name, which the caller closes. */
  Share receive(int from, String name) {
    try (Message message = communicator.recv(from, prefix + name, timeout)) {
      return Share.deserialize(message.segment());
    }
  }

  /** Sends under one name. */
  Sends sends(String name) {
    return new Sends(prefix + name);
  }

  /** Sends under way; closing waits until all have ended. */
  final class Sends implements AutoCloseable {
    private final String key;
    private final List<Sending> underWay = new ArrayList<>();

    private Sends(String key) {
      this.key = key;
    }

    void add(int to, Share share) {
      addAll(List.of(to), share);
    }

    /** Sends a share to all of them but this rank; the share may be closed at once. */
    void addAll(List<Integer> ranks, Share share) {
      List<Integer> others = ranks.stream().filter(rank -> rank != communicator.rank()).toList();
      if (others.isEmpty()) {
        return;
      }
      // Reachable, and so alive, until the last send has ended, even where nobody waits for it.
      MemorySegment form = share.serialize(Arena.ofAuto());
      for (int rank : others) {
        underWay.add(communicator.send(rank, key, form));
        messages++;
        bytes += form.byteSize();
      }
    }

    @Override
    public void close() {
      underWay.forEach(sending -> sending.await(timeout));
    }
  }

  long messages() {
    return messages;
  }

  long bytes() {
    return bytes;
  }
}
