package org.hawser.cli.perf;

import java.time.Duration;
import org.hawser.lane.Lanes;
import org.hawser.lane.Transfer;
import org.hawser.lane.WaitMode;

/** How a stream waits for its transfers. */
@FunctionalInterface
interface Waiting {
  /** No message takes longer, or its link has failed. */
  Duration LIMIT = Duration.ofSeconds(60);

  /** How often a thread that polls looks at the clock. */
  int LOOKS = 1024;

  /** Waits until the transfer has ended; returns the message's bytes. */
  long await(Transfer transfer);

  /**
   * As a plan asks for it. Lanes that were opened to block poll in Java when the other end spins,
   * since a server learns that only after it has opened its lanes.
   */
  static Waiting of(Lanes lanes, WaitMode asked) {
    return asked == WaitMode.SPIN && lanes.options().waitMode() == WaitMode.BLOCK
        ? Waiting::poll
        : transfer -> transfer.await(LIMIT);
  }

  private static long poll(Transfer transfer) {
    long until = System.nanoTime() + LIMIT.toNanos();
    for (int looks = 1; !transfer.test(); looks++) {
      if (looks % LOOKS == 0 && System.nanoTime() - until > 0) {
        break;
      }
      Thread.onSpinWait();
    }
    return transfer.await(Duration.ZERO);
  }
}
