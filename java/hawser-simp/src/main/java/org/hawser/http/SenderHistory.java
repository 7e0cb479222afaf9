package org.hawser.http;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * What one Hawser peer has sent so far: recognises what comes a second time. A peer numbers its
 * messages to a receiver from 1, and sends again, in order, what it has no answer to; when it
 * starts anew its epoch is a later one. Any thread may use it.
 */
final class SenderHistory {
  private static final long NONE = -1;

  private long epoch = NONE;
  private long last;

  /** A message's place in what its sender sends. */
  record Place(long epoch, long number) {
    /** What the header says; empty when it says nothing that makes sense. */
    static Optional<Place> parse(String header) {
      int colon = header.indexOf(':');
      if (colon < 0) {
        return Optional.empty();
      }
      try {
        long epoch = Long.parseLong(header, 0, colon, 16);
        long number = Long.parseLong(header, colon + 1, header.length(), 10);
        return epoch < 0 || number < 1 ? Optional.empty() : Optional.of(new Place(epoch, number));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
  }

  /** What became of a message. */
  enum Outcome {
    DELIVERED,
    /** It, or one after it, was there before. */
    KNOWN,
    /** Its sender has started anew since. */
    STALE
  }

  /**
   * Delivers a message unless it was there before; one at a time, so that their order is kept.
   *
   * @param startedAnew as {@link #meet}
   */
  synchronized Outcome take(Place place, Consumer<Boolean> startedAnew, Runnable deliver) {
    if (place.epoch < epoch) {
      return Outcome.STALE;
    }
    meet(place.epoch, startedAnew);
    if (place.number <= last) {
      return Outcome.KNOWN;
    }
    last = place.number;
    deliver.run();
    return Outcome.DELIVERED;
  }

  /**
   * The sender says that it is there.
   *
   * @param startedAnew run when its epoch is a new one; told whether there was one before
   */
  synchronized void meet(long its, Consumer<Boolean> startedAnew) {
    if (its > epoch) {
      boolean again = epoch != NONE;
      epoch = its;
      last = 0;
      startedAnew.accept(again);
    }
  }

  /** The epoch that a header says; empty when it says none. */
  static Optional<Long> epoch(String header) {
    try {
      long epoch = Long.parseLong(header, 16);
      return epoch < 0 ? Optional.empty() : Optional.of(epoch);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
