package org.hawser.http;

import java.util.Optional;

/**
 * What one Hawser peer has sent so far: recognises what comes a second time. A peer numbers its
 * messages to a receiver from 1, and sends again, in order, what it has no answer to; when it
 * starts anew its epoch is a later one. Any thread may use it.
 */
final class SenderHistory {
  private long epoch = Long.MIN_VALUE;
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
   * @param startedAnew run first when the sender has a new epoch
   */
  synchronized Outcome take(Place place, Runnable startedAnew, Runnable deliver) {
    if (place.epoch < epoch) {
      return Outcome.STALE;
    }
    if (place.epoch > epoch) {
      epoch = place.epoch;
      last = 0;
      startedAnew.run();
    }
    if (place.number <= last) {
      return Outcome.KNOWN;
    }
    last = place.number;
    deliver.run();
    return Outcome.DELIVERED;
  }
}
