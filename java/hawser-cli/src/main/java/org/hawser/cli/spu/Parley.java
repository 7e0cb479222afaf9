package org.hawser.cli.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.cli.common.Json;
import org.hawser.comm.Communicator;
import org.hawser.comm.Sending;

/** What the parties tell each other besides the computation, as JSON. One thread a party. */
public final class Parley {
  /** Of a message that {@link #meet} sends: an empty text in JSON. */
  static final int MEETING_BYTES = 2;

  private final Communicator communicator;
  private final Duration timeout;

  public Parley(Communicator communicator, Duration timeout) {
    this.communicator = communicator;
    this.timeout = timeout;
  }

  /**
   * Tells all others something, and waits until all have told theirs: nobody returns before
   * everybody has called.
   *
   * @return what each rank said, this one too
   */
  public <T> List<T> exchange(String topic, T mine, Class<T> type) {
    String key = "parley:" + topic;
    List<T> all = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      byte[] json = Json.write(mine).getBytes(StandardCharsets.UTF_8);
      MemorySegment message = arena.allocateFrom(JAVA_BYTE, json);
      List<Sending> sends = new ArrayList<>();
      for (int peer = 0; peer < communicator.worldSize(); peer++) {
        if (peer != communicator.rank()) {
          sends.add(communicator.send(peer, key, message));
        }
      }
      for (int peer = 0; peer < communicator.worldSize(); peer++) {
        all.add(peer == communicator.rank() ? mine : receive(peer, key, type));
      }
      sends.forEach(send -> send.await(timeout));
    }
    return all;
  }

  private <T> T receive(int peer, String key, Class<T> type) {
    try (var message = communicator.recv(peer, key, timeout)) {
      return Json.read(message.segment().toArray(JAVA_BYTE), type);
    }
  }

  /** Waits until all parties are here; costs each a message to each other. */
  public void meet() {
    exchange("meet", "", String.class);
  }
}
