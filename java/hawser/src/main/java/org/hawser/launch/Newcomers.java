package org.hawser.launch;

import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Connections that have not shown yet that they are of the job: bounded in number and in time, so
 * that strangers hold nothing for long. Any thread.
 */
final class Newcomers {
  /** As many as the kernel lets wait: the ranks of a large job come all at once. */
  static final int MOST = 1024;

  static final Duration TIME = Duration.ofSeconds(5);

  private static final Executor LATER =
      CompletableFuture.delayedExecutor(TIME.toMillis(), TimeUnit.MILLISECONDS);

  /** Who came first is first. */
  private final SequencedSet<Socket> all = new LinkedHashSet<>();

  /** Its time begins. Where there are too many, who came first is sent away. */
  void admit(Socket newcomer) {
    Socket tooMany = null;
    synchronized (all) {
      if (all.size() == MOST) {
        tooMany = all.removeFirst();
      }
      all.add(newcomer);
    }
    Quietly.close(tooMany);
    LATER.execute(() -> sendAway(newcomer));
  }

  /** It is one no more: it has shown who it is, or has gone. */
  boolean remove(Socket newcomer) {
    synchronized (all) {
      return all.remove(newcomer);
    }
  }

  private void sendAway(Socket newcomer) {
    if (remove(newcomer)) {
      Quietly.close(newcomer);
    }
  }
}
