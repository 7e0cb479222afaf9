package org.hawser.comm;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.hawser.mem.Buffer;

/**
 * Buffers for messages, whole pages in powers of two. Some are kept for the next message, since the
 * kernel takes longer to provide fresh pages than a fast network to fill them. Any thread may use
 * it.
 */
final class LargeBuffers implements AutoCloseable {
  private static final long KEPT_BYTES = 256 << 20;
  private static final int PAGE_ORDER = 12;
  private static final int CLASSES = Long.SIZE;

  private final ArrayDeque<Buffer>[] kept = newClasses();
  private long keptBytes;
  private boolean closed;

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static ArrayDeque<Buffer>[] newClasses() {
    var classes = new ArrayDeque[CLASSES];
    Arrays.setAll(classes, index -> new ArrayDeque<Buffer>());
    return classes;
  }

  /**
   * A buffer of {@code bytes} or more.
   *
   * @throws org.hawser.HawserException OUT_OF_MEMORY when the kernel refuses
   */
  Buffer take(long bytes) {
    int order = order(bytes);
    synchronized (this) {
      Buffer buffer = kept[order].poll();
      if (buffer != null) {
        keptBytes -= buffer.bytes();
        return buffer;
      }
    }
    return Buffer.allocate(1L << order);
  }

  void giveBack(Buffer buffer) {
    synchronized (this) {
      if (!closed && keptBytes + buffer.bytes() <= KEPT_BYTES) {
        keptBytes += buffer.bytes();
        kept[order(buffer.bytes())].push(buffer);
        return;
      }
    }
    buffer.close();
  }

  private static int order(long bytes) {
    return Math.max(PAGE_ORDER, Long.SIZE - Long.numberOfLeadingZeros(bytes - 1));
  }

  /** Frees what is kept; what comes back later is freed at once. */
  @Override
  public synchronized void close() {
    closed = true;
    for (var buffers : kept) {
      buffers.forEach(Buffer::close);
      buffers.clear();
    }
  }
}
