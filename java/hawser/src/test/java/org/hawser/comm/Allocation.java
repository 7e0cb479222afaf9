package org.hawser.comm;

import java.lang.reflect.Method;

/**
 * Counts what the calling thread allocates on the heap. By reflection, since the library does not
 * require the module that knows.
 */
public final class Allocation {
  private static final Object BEAN;
  private static final Method BYTES;

  static {
    try {
      BEAN =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      BYTES =
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes");
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private Allocation() {}

  /** Bytes, while the work runs. */
  public static long during(Runnable work) {
    long before = bytes();
    work.run();
    return bytes() - before;
  }

  private static long bytes() {
    try {
      return (long) BYTES.invoke(BEAN);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
