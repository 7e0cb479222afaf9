package org.hawser.mem;

import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ffi.NativeCuda;
import org.hawser.ffi.NativeMemory;

/** The descriptor of a DMA-BUF over memory of a GPU, its owner. The memory must outlive it. */
public final class DmaBuf implements AutoCloseable {
  private final NativeCuda.Exported exported;
  private final long bytes;
  private final AtomicBoolean closed = new AtomicBoolean();

  DmaBuf(NativeCuda.Exported exported, long bytes) {
    this.exported = exported;
    this.bytes = bytes;
  }

  /** The descriptor, of whole pages; it is this object's. */
  public int fd() {
    return exported.fd();
  }

  /** Where in it the memory begins. */
  public long offset() {
    return exported.offset();
  }

  public long bytes() {
    return bytes;
  }

  /** Does nothing when it is closed already. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      NativeMemory.closeDescriptor(exported.fd());
    }
  }
}
