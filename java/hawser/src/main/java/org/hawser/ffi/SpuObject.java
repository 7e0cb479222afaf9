package org.hawser.ffi;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * An object of the interpreter that runs libspu: a link, a runtime, a share or an executable. Any
 * thread may use and close it; one that is closed while a call uses it lives until the call ends.
 */
public final class SpuObject implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long handle;
  private final SpuChannels channels;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param channels those that calls on this object may run, null when there are none
   */
  SpuObject(long handle, SpuChannels channels) {
    this.handle = handle;
    this.channels = channels;
  }

  /**
   * The handle that native code knows it by.
   *
   * @throws HawserException (CLOSED) once it is closed
   */
  public long handle() {
    if (closed.get()) {
      throw new HawserException(ErrorCode.CLOSED, "this object of libspu is closed");
    }
    return handle;
  }

  /**
   * Closes it when {@code owner} is unreachable, for objects whose owners nobody closes. A method
   * of the owner that uses it keeps the owner reachable to its end.
   */
  public void closeAfter(Object owner) {
    CLEANER.register(owner, this::close);
  }

  SpuChannels channels() {
    return channels;
  }

  /** Never blocks: the object is given back when the interpreter is next entered. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      SpuLibrary.release(handle);
    }
  }
}
