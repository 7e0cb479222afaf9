package org.hawser.ffi;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** The channels of one link, and the first thing that one of them threw since it was last asked. */
final class SpuChannels {
  private final List<SpuChannel> ofRanks;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /**
   * @param ofRanks one a rank, null for the party's own
   */
  SpuChannels(List<SpuChannel> ofRanks) {
    this.ofRanks = ofRanks;
  }

  int count() {
    return ofRanks.size();
  }

  SpuChannel of(int rank) {
    return ofRanks.get(rank);
  }

  void failed(Throwable thrown) {
    failure.compareAndSet(null, thrown);
  }

  Throwable takeFailure() {
    return failure.getAndSet(null);
  }
}
