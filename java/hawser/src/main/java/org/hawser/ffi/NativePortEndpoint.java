package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/** A {@code hawser_port_endpoint}. Any thread may call, until {@link #close}. */
public final class NativePortEndpoint {
  private final long handle;

  NativePortEndpoint(long handle) {
    this.handle = handle;
  }

  /** What the peer's {@link #connect} wants. */
  public byte[] bytes() {
    return NativeCall.bytes(
        (out, capacity) -> (int) Handles.BYTES.invokeExact(handle, out, capacity));
  }

  /** Blocks until the peer connects too, at most {@code timeoutNanos}. */
  public NativePortConnection connect(byte[] peer, long timeoutNanos) {
    return new NativePortConnection(
        NativeCall.open(
            (arena, out, error) -> {
              long bytes = NativeCall.copy(arena, peer);
              return (int)
                  Handles.CONNECT.invokeExact(handle, bytes, peer.length, timeoutNanos, out, error);
            }));
  }

  /** Frees it; not while it is being connected. */
  public void close() {
    NativeCall.run(Handles.CLOSE, handle);
  }

  private static final class Handles {
    static final MethodHandle BYTES =
        Downcall.of("hawser_endpoint_bytes", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle CONNECT =
        Downcall.of(
            "hawser_port_connect",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle CLOSE = Downcall.ofVoid("hawser_endpoint_close", JAVA_LONG);
  }
}
