package org.hawser.simp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.comm.Communicator;
import org.hawser.comm.Key;
import org.hawser.comm.Message;
import org.hawser.simp.serde.Serde;

/** Values as messages: each is a binary container. */
final class Containers {
  private Containers() {}

  /** Sends a value; returns when the peer's communicator has it, or a copy is on the way. */
  static void send(Communicator communicator, int to, Key key, Object value, Duration timeout) {
    Arena arena = Arena.ofConfined();
    boolean ours = true;
    try {
      MemorySegment bytes = Serde.dumpsBinary(value, arena);
      communicator.sendSync(to, key, bytes.address(), bytes.byteSize(), timeout.toNanos());
    } catch (HawserException e) {
      // The transport may still read from the memory: better lost than used for something else.
      ours = e.code() != ErrorCode.TIMEOUT && e.code() != ErrorCode.CANCELLED;
      throw e;
    } finally {
      if (ours) {
        arena.close();
      }
    }
  }

  /** Waits for a value. */
  static Object receive(Communicator communicator, int from, Key key, Duration timeout) {
    try (Message message = communicator.recv(from, key, timeout.toNanos())) {
      return Serde.loadsBinary(message.segment());
    }
  }
}
