package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** A {@code hawser_port_channel}. Any thread may call, until its proxy is closed. */
public final class NativePortChannel {
  public static final int PUT = 1;
  public static final int SIGNAL = 2;
  public static final int FLUSH = 4;

  private static final long NO_POSITION = 0;

  private final long handle;

  NativePortChannel(long handle) {
    this.handle = handle;
  }

  /**
   * Posts a trigger, or serves it at once. One native call, which never blocks and allocates
   * nothing.
   *
   * @return false when the FIFO is full, and nothing has been done
   * @throws HawserException what {@code hawser_channel_error} tells
   */
  public boolean post(int kind, long destinationOffset, long sourceOffset, long bytes) {
    int result;
    try {
      result =
          (int)
              Handles.POST.invokeExact(
                  handle, kind, destinationOffset, sourceOffset, bytes, NO_POSITION);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
    return result == 0 || requireFull(result);
  }

  /**
   * As {@link #post}, with a flush behind it.
   *
   * @param position receives what {@link #flushed} waits for
   */
  public boolean postFlush(
      int kind, long destinationOffset, long sourceOffset, long bytes, long[] position) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int result =
          (int)
              Handles.POST.invokeExact(
                  handle, kind | FLUSH, destinationOffset, sourceOffset, bytes, out.address());
      position[0] = out.get(JAVA_LONG, 0);
      return result == 0 || requireFull(result);
    } catch (Throwable e) {
      throw Downcall.broken(e);
    }
  }

  /** False for a full FIFO; throws for everything else. */
  private boolean requireFull(int result) {
    if (ErrorCode.ofNative(result) == ErrorCode.TIMEOUT) {
      return false;
    }
    throw NativeCall.failure(
        (_, error) -> {
          int told = (int) Handles.ERROR.invokeExact(handle, error);
          return told != 0 ? told : result;
        });
  }

  /**
   * Blocks until the flush of a position is complete, at most {@code timeoutNanos}.
   *
   * @return false when the time was over
   */
  public boolean flushed(long position, long timeoutNanos) {
    return NativeCall.taken(
        (_, error) -> (int) Handles.FLUSHED.invokeExact(handle, position, timeoutNanos, error));
  }

  /**
   * What kernels on a GPU take for this channel, a {@code hawser_port_device_channel}: good until
   * the proxy is closed. The proxy polls for their triggers from now on.
   */
  public MemorySegment onDevice(int gpu) {
    MemorySegment out = Arena.ofAuto().allocate(PortLayouts.DEVICE_CHANNEL);
    NativeCall.check(
        (_, error) -> (int) Handles.DEVICE.invokeExact(handle, gpu, out.address(), error));
    return out;
  }

  private static final class Handles {
    static final MethodHandle POST =
        Downcall.of(
            "hawser_channel_post",
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle DEVICE =
        Downcall.of("hawser_channel_device", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle ERROR =
        Downcall.of("hawser_channel_error", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle FLUSHED =
        Downcall.of("hawser_channel_flushed", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  }
}
