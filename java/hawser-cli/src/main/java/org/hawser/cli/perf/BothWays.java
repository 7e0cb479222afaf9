package org.hawser.cli.perf;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.hawser.cli.common.Links;
import org.hawser.lane.Link;

/** Sends and receives at once: the sender gets a thread of its own. */
final class BothWays {
  /** Platform threads, since one that waits moves the bytes itself. */
  private static final Executor THREADS =
      task -> Thread.ofPlatform().daemon().name("hawser-sender").start(task);

  private BothWays() {}

  /** Runs both to their end. When one fails the link is closed, so that the other ends too. */
  static void run(Link link, StreamSender sender, StreamReceiver receiver) {
    var sending = CompletableFuture.runAsync(() -> orClose(sender::run, link), THREADS);
    orClose(receiver::run, link);
    try {
      sending.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private static void orClose(Runnable stream, Link link) {
    try {
      stream.run();
    } catch (RuntimeException e) {
      Links.closeAfter(e, link);
      throw e;
    }
  }
}
