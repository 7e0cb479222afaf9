package org.hawser.lane;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Tells a link's listener what happens, one event at a time, in order, on virtual threads. */
final class LinkEvents {
  private volatile Consumer<LinkEvent> listener = event -> {};
  // The driver's: chains what the listener is told.
  private CompletableFuture<Void> told = CompletableFuture.completedFuture(null);

  /** Any thread: who is told from now on. */
  void listener(Consumer<LinkEvent> consumer) {
    listener = consumer;
  }

  /** The driver: does not wait for the listener. */
  void tell(LinkEvent event) {
    Consumer<LinkEvent> consumer = listener;
    told = told.handleAsync((done, thrown) -> hear(consumer, event), Transfer.STAGES);
  }

  private static Void hear(Consumer<LinkEvent> consumer, LinkEvent event) {
    consumer.accept(event);
    return null;
  }
}
