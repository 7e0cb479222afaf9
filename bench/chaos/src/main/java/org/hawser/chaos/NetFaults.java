package org.hawser.chaos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/** Draws faults of the network {@code fault}. */
final class NetFaults {
  private static final int LANES = 4;

  /** The first links are connected by then: a fault that meets a handshake fails the connect. */
  private static final int FIRST = 200;

  /** A kind, and how much of it a link with the usual limits outlives. */
  private record Kind(String name, int least, int most) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("reset", 1, 1),
          new Kind("cut", 1, 1),
          new Kind("silence", 20, 400),
          new Kind("pause", 5, 100),
          new Kind("slow", 20, 200),
          new Kind("late", 1, 8),
          new Kind("corrupt", 1, 2),
          new Kind("send", 1, 1),
          new Kind("receive", 1, 1),
          new Kind("refuse", 1, 3),
          new Kind("memory", 1, 1),
          new Kind("vanish", 1, 2));

  private NetFaults() {}

  /**
   * @param ends among which the faults are dealt out
   * @param every operations between two faults of one end, in the mean
   */
  static List<Fault> draw(String stage, RandomGenerator random, int count, int ends, int every) {
    long[] at = new long[ends];
    Arrays.fill(at, FIRST);
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int end = i % ends;
      at[end] += 1 + random.nextInt(2 * every);
      Kind kind = KINDS.get(random.nextInt(KINDS.size()));
      int amount = kind.least() + random.nextInt(kind.most() - kind.least() + 1);
      faults.add(new Fault(stage, end, at[end], random.nextInt(LANES), kind.name(), amount));
    }
    faults.sort(Comparator.comparingLong(Fault::at).thenComparingInt(Fault::end));
    return faults;
  }
}
