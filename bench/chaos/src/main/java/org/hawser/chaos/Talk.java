package org.hawser.chaos;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.hawser.comm.Communicator;
import org.hawser.comm.Message;
import org.hawser.comm.Sending;
import org.hawser.mem.Buffer;

/** One rank's half of a talk with another: both send and receive message after message. */
final class Talk implements AutoCloseable {
  private static final int MOST_BYTES = 512 << 10;
  private static final int KEYS = 5;

  private final Communicator communicator;
  private final int peer;
  private final String topic;
  private final long seed;
  private final Tally tally;
  private final String name;
  private final Buffer buffer = Buffer.allocate(MOST_BYTES);
  private long number;

  /**
   * @param topic keeps apart the talks of the same ranks
   */
  Talk(Communicator communicator, int peer, String topic, long seed, Tally tally) {
    this.communicator = communicator;
    this.peer = peer;
    this.topic = topic;
    this.seed = seed;
    this.tally = tally;
    this.name = "rank %d with %d, %s".formatted(communicator.rank(), peer, topic);
  }

  /** How many messages each has received. */
  long rounds() {
    return number;
  }

  /**
   * Sends a message and receives one.
   *
   * @param word what the peer is told
   * @return what the peer tells
   */
  long round(long word) {
    String key = topic + number % KEYS;
    MemorySegment mine = buffer.segment().asSlice(0, length(communicator.rank()));
    Content.fill(mine, number, word);
    Sending sending = communicator.send(peer, key, mine);
    long told = Waits.within(tally, Waits.LONG, name + " receives", () -> take(communicator, key));
    Waits.within(
        tally,
        Waits.LONG,
        name + " sends",
        () -> {
          sending.await(Waits.LONG);
          return null;
        });
    number++;
    return told;
  }

  private int length(int rank) {
    var choices = new SplittableRandom(seed + number * 31 + rank);
    int most = choices.nextInt(8) == 0 ? MOST_BYTES : 8000;
    return Math.max(Content.HEAD, choices.nextInt(most));
  }

  private long take(Communicator from, String key) {
    try (Message message = from.recv(peer, key, Waits.LONG)) {
      MemorySegment theirs = message.segment();
      long bytes = message.bytes();
      tally.bytes.addAndGet(bytes);
      long wrong = bytes == length(peer) ? Content.wrongBytes(theirs) : Math.max(1, bytes);
      long came = bytes < Content.HEAD ? number : Content.number(theirs);
      if (wrong > 0 && came == number) {
        tally.wrong(wrong, "%s: message %d".formatted(name, number));
      } else if (came < number) {
        tally.doubled(bytes, "%s: message %d came for %d".formatted(name, came, number));
      } else if (came > number) {
        tally.lost(bytes, "%s: message %d came for %d".formatted(name, came, number));
      }
      return bytes < Content.HEAD ? 0 : Content.word(theirs);
    }
  }

  @Override
  public void close() {
    buffer.close();
  }
}
