package org.hawser.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What tests leave in native code. */
public final class Leftovers {
  private Leftovers() {}

  /** Less is fine: what earlier tests left to the garbage collector may have gone meanwhile. */
  public static void assertNoneSince(SpuLibrary.Live before) {
    SpuLibrary.Live now = SpuLibrary.reclaim();
    assertTrue(now.objects() <= before.objects(), () -> now + " after " + before);
    assertEquals(before.tokens(), now.tokens());
    assertEquals(before.channels(), now.channels());
  }
}
