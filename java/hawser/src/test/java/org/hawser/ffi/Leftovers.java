package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** What tests leave in native code. */
public final class Leftovers {
  /** Threads of libspu's own may let go of what they hold a moment after a run has ended. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

  private static final long STEP = TimeUnit.MILLISECONDS.toNanos(10);

  private Leftovers() {}

  /** Less is fine: what earlier tests left to the garbage collector may have gone meanwhile. */
  public static void assertNoneSince(SpuLibrary.Live before) {
    long end = System.nanoTime() + PATIENCE;
    SpuLibrary.Live now = SpuLibrary.reclaim();
    while (isMore(now, before) && System.nanoTime() < end) {
      LockSupport.parkNanos(STEP);
      now = SpuLibrary.reclaim();
    }
    String live = now + " after " + before;
    assertTrue(now.objects() <= before.objects(), live);
    assertEquals(before.tokens(), now.tokens(), live);
    assertEquals(before.channels(), now.channels(), live);
  }

  private static boolean isMore(SpuLibrary.Live now, SpuLibrary.Live before) {
    return now.objects() > before.objects()
        || now.tokens() != before.tokens()
        || now.channels() != before.channels();
  }
}
