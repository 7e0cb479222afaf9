package org.hawser.chaos;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.Link;
import org.hawser.lane.Transfer;
import org.hawser.mem.Buffer;

/**
 * Numbered messages of many lengths in one direction of a link, some of them cancelled by their
 * sender: what both ends know of each must fit together.
 */
final class Flow implements AutoCloseable {
  private static final int MOST_BYTES = 2 << 20;
  private static final int WINDOW = 4;
  private static final int CANCELLED_OF = 24;
  private static final int REGISTERED_OF = 64;
  private static final long LAST = -1;

  private final String name;
  private final long seed;
  private final Link from;
  private final Link to;
  private final long tag;
  private final Tally tally;
  private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
  private final Set<Long> skipped = ConcurrentHashMap.newKeySet();
  private final Queue<Buffer> buffers = new ConcurrentLinkedQueue<>();

  private record Posted(long number, Transfer transfer, Buffer buffer) {}

  Flow(String name, long seed, Link from, Link to, long tag, Tally tally) {
    this.name = name;
    this.seed = seed;
    this.from = from;
    this.to = to;
    this.tag = tag;
    this.tally = tally;
  }

  private Buffer allocate() {
    Buffer buffer = Buffer.allocate(MOST_BYTES);
    buffers.add(buffer);
    return buffer;
  }

  /** Once both ends have ended. */
  @Override
  public void close() {
    buffers.forEach(Buffer::close);
  }

  private RandomGenerator choices(long number) {
    return new SplittableRandom(seed * 1_000_003 + number);
  }

  /** Lengths that go inline, eagerly and announced, in one chunk and in many. */
  private static int length(RandomGenerator choices) {
    int drawn =
        switch (choices.nextInt(16)) {
          case 0 -> choices.nextInt(MOST_BYTES);
          case 1, 2 -> choices.nextInt(256 << 10);
          case 3, 4, 5, 6 -> choices.nextInt(48 << 10);
          default -> choices.nextInt(2000);
        };
    return Math.max(Content.HEAD, drawn);
  }

  private static boolean isCancelled(RandomGenerator choices) {
    return choices.nextInt(CANCELLED_OF) == 0;
  }

  // ----------------------------------------------------------------------------------------------

  void send(BooleanSupplier enough) {
    Deque<Buffer> free = new ArrayDeque<>();
    Deque<Posted> posted = new ArrayDeque<>();
    for (int i = 0; i < WINDOW; i++) {
      free.add(allocate());
    }
    try {
      for (long number = 0; !enough.getAsBoolean(); number++) {
        if (free.isEmpty()) {
          free.add(settle(posted.remove()));
        }
        posted.add(start(number, free.remove()));
      }
      while (!posted.isEmpty()) {
        free.add(settle(posted.remove()));
      }
      MemorySegment last = free.element().segment().asSlice(0, Content.HEAD);
      Content.fill(last, LAST, 0);
      Waits.within(
          tally,
          Waits.LONG,
          name + ": the last send",
          () -> from.send(last, tag).await(Waits.LONG));
    } catch (HawserException e) {
      tally.lost(1, name + ": sending ended early: " + e.getMessage());
    }
  }

  private Posted start(long number, Buffer buffer) {
    RandomGenerator choices = choices(number);
    MemorySegment message = buffer.segment().asSlice(0, length(choices));
    Content.fill(message, number, 0);
    if (number % REGISTERED_OF == 0) {
      register(buffer);
    }
    Transfer transfer = from.send(message, tag);
    if (isCancelled(choices)) {
      transfer.cancel();
    }
    return new Posted(number, transfer, buffer);
  }

  /** Its failure is the caller's to hear of, and nothing else's. */
  private void register(Buffer buffer) {
    try {
      from.register(buffer.segment()).close();
    } catch (HawserException e) {
      if (e.code() != ErrorCode.OUT_OF_MEMORY) {
        throw e;
      }
    }
  }

  private Buffer settle(Posted posted) {
    try {
      Waits.within(
          tally,
          Waits.LONG,
          "%s: send %d".formatted(name, posted.number),
          () -> posted.transfer.await(Waits.LONG));
      acknowledged.add(posted.number);
    } catch (HawserException e) {
      if (e.code() != ErrorCode.CANCELLED || !isCancelled(afterLength(posted.number))) {
        throw e;
      }
    }
    return posted.buffer;
  }

  private RandomGenerator afterLength(long number) {
    RandomGenerator choices = choices(number);
    length(choices);
    return choices;
  }

  // ----------------------------------------------------------------------------------------------

  void receive() {
    Deque<Posted> posted = new ArrayDeque<>();
    for (int i = 0; i < WINDOW; i++) {
      posted.add(expect(allocate()));
    }
    try {
      for (long expected = 0; expected >= 0; ) {
        Posted oldest = posted.remove();
        expected = take(oldest, expected);
        posted.add(expect(oldest.buffer));
      }
    } catch (HawserException e) {
      tally.lost(1, name + ": receiving ended early: " + e.getMessage());
    }
    posted.forEach(left -> left.transfer.cancel());
  }

  private Posted expect(Buffer buffer) {
    return new Posted(0, to.receive(buffer.segment(), tag), buffer);
  }

  /** Returns the number that comes next, -1 after the last. */
  private long take(Posted received, long expected) {
    long bytes;
    try {
      bytes =
          Waits.within(
              tally,
              Waits.LONG,
              "%s: receive %d".formatted(name, expected),
              () -> received.transfer.await(Waits.LONG));
    } catch (HawserException e) {
      if (e.code() == ErrorCode.CANCELLED) {
        return expected; // Its sender took it back after it was announced.
      }
      throw e;
    }
    MemorySegment message = received.buffer.segment().asSlice(0, bytes);
    long number = bytes < Content.HEAD ? expected : Content.number(message);
    if (number == LAST) {
      return -1;
    }
    check(message, number, expected);
    return Math.max(expected, number + 1);
  }

  private void check(MemorySegment message, long number, long expected) {
    long bytes = message.byteSize();
    tally.bytes.addAndGet(bytes);
    RandomGenerator choices = choices(number);
    long wrong = bytes == length(choices) ? Content.wrongBytes(message) : Math.max(1, bytes);
    if (wrong > 0) {
      tally.wrong(wrong, "%s: message %d of %d bytes".formatted(name, number, bytes));
    } else if (number < expected) {
      tally.doubled(bytes, "%s: message %d came after %d".formatted(name, number, expected - 1));
    }
    for (long missing = expected; missing < number; missing++) {
      skipped.add(missing);
    }
  }

  /**
   * Once both ends have ended: what was acknowledged has come, and what is missing was cancelled.
   */
  void compare() {
    for (long number : skipped) {
      RandomGenerator choices = choices(number);
      int bytes = length(choices);
      if (acknowledged.contains(number)) {
        tally.lost(bytes, "%s: message %d was acknowledged and never came".formatted(name, number));
      } else if (!isCancelled(choices)) {
        tally.lost(bytes, "%s: message %d never came".formatted(name, number));
      }
    }
  }
}
