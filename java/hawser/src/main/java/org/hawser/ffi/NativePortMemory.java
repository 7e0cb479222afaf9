package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/** A {@code hawser_port_memory}. Any thread may call, until {@link #free}. */
public final class NativePortMemory {
  private final long handle;

  NativePortMemory(long handle) {
    this.handle = handle;
  }

  long handle() {
    return handle;
  }

  /** What a peer imports. */
  public byte[] bytes() {
    return NativeCall.bytes(
        (out, capacity) -> (int) Handles.BYTES.invokeExact(handle, out, capacity));
  }

  /** Puts that begin after this are errors. */
  public void free() {
    NativeCall.run(Handles.FREE, handle);
  }

  private static final class Handles {
    static final MethodHandle BYTES =
        Downcall.of("hawser_memory_bytes", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle FREE = Downcall.ofVoid("hawser_memory_free", JAVA_LONG);
  }
}
