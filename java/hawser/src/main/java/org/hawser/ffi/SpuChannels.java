package org.hawser.ffi;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** The channels of one link, and the first thing that one of them threw since it was last asked. */
final class SpuChannels {
  private final List<SpuChannel> channels;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  SpuChannels(List<SpuChannel> channels) {
    this.channels = channels;
  }

  SpuChannel channel(int rank) {
    return channels.get(rank);
  }

  void failed(Throwable thrown) {
    failure.compareAndSet(null, thrown);
  }

  Throwable takeFailure() {
    return failure.getAndSet(null);
  }
}
