package org.hawser.cli.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeSpu;
import org.hawser.link.LinkCommunicator;

/** Messages over a bare link between its first two parties; the others look on. */
final class LinkMessages implements AutoCloseable {
  private static final int ROUND_TRIPS = 1000;
  private static final long STREAMED = 256L << 20;

  private final LinkCommunicator link;
  private final long bytes;
  private final int peer;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment message;
  private final MemorySegment acknowledgement = arena.allocateFrom(JAVA_BYTE, (byte) 1);

  LinkMessages(LinkCommunicator link, long bytes) {
    this.link = link;
    this.bytes = bytes;
    this.peer = 1 - link.rank();
    this.message = arena.allocate(bytes).fill((byte) 0x5a);
  }

  /** 1000 messages there and back; the median time of one at the party that begins. */
  Optional<Double> pingPong() {
    if (link.rank() > 1) {
      return Optional.empty();
    }
    double[] micros = new double[ROUND_TRIPS];
    for (int i = 0; i < ROUND_TRIPS; i++) {
      long start = System.nanoTime();
      if (link.rank() == 0) {
        send(message);
        receive(bytes);
      } else {
        receive(bytes);
        send(message);
      }
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    Arrays.sort(micros);
    return link.rank() == 0 ? Optional.of(micros[ROUND_TRIPS / 2]) : Optional.empty();
  }

  /** 256 MiB of messages, at least one, and one back when all have come. */
  Optional<Double> stream() {
    long count = messages(bytes);
    if (link.rank() == 0) {
      for (long i = 0; i < count; i++) {
        send(message);
      }
      receive(acknowledgement.byteSize());
    } else if (link.rank() == 1) {
      for (long i = 0; i < count; i++) {
        receive(bytes);
      }
      send(acknowledgement);
    }
    return Optional.empty();
  }

  /** How many messages of so many bytes a stream has. */
  static long messages(long bytes) {
    return Math.max(1, STREAMED / bytes);
  }

  private void send(MemorySegment data) {
    NativeSpu.linkSend(link.context(), peer, data, true);
  }

  private void receive(long expected) {
    try (Arena place = Arena.ofConfined()) {
      MemorySegment received = NativeSpu.linkRecv(link.context(), peer, place);
      if (received.byteSize() != expected) {
        throw new HawserException(
            ErrorCode.INTERNAL,
            "%s: %d bytes came instead of %d".formatted(link, received.byteSize(), expected));
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
