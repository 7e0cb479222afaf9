package org.hawser.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.time.Duration;
import org.hawser.comm.Communicator;

/** Over a communicator, beside its other messages. */
record CommunicatorExchange(Communicator communicator) implements PortExchange {
  @Override
  public int rank() {
    return communicator.rank();
  }

  @Override
  public int size() {
    return communicator.worldSize();
  }

  @Override
  public void send(int to, String key, byte[] bytes, Duration timeout) {
    try (var arena = Arena.ofShared()) {
      communicator.sendSync(to, key, arena.allocateFrom(JAVA_BYTE, bytes), timeout);
    }
  }

  @Override
  public byte[] receive(int from, String key, Duration timeout) {
    try (var message = communicator.recv(from, key, timeout)) {
      return message.segment().toArray(JAVA_BYTE);
    }
  }
}
