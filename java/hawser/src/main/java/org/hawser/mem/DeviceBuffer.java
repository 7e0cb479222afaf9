package org.hawser.mem;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeCuda;

/**
 * Zeroed memory of a GPU, its owner. It is no segment: the host reaches it by copies. Any thread
 * may use it; it is closed once no transfer is under way with it and no peer has it imported.
 */
public final class DeviceBuffer implements AutoCloseable {
  private final int gpu;
  private final long bytes;
  private final long address;
  private final AtomicBoolean closed = new AtomicBoolean();

  private DeviceBuffer(int gpu, long bytes, long address) {
    this.gpu = gpu;
    this.bytes = bytes;
    this.address = address;
  }

  /** How many GPUs this process can use; 0 without CUDA. */
  public static int gpus() {
    try {
      return NativeCuda.devices();
    } catch (HawserException e) {
      if (e.code() == ErrorCode.UNSUPPORTED) {
        return 0;
      }
      throw e;
    }
  }

  /**
   * @param gpu its number, as CUDA_VISIBLE_DEVICES leaves them
   * @param bytes 1 or more
   * @throws HawserException UNSUPPORTED where there is no such GPU, OUT_OF_MEMORY when its memory
   *     is used up
   */
  public static DeviceBuffer allocate(int gpu, long bytes) {
    return new DeviceBuffer(gpu, bytes, NativeCuda.allocate(gpu, bytes));
  }

  public int gpu() {
    return gpu;
  }

  public long bytes() {
    return bytes;
  }

  /** Of the GPU's address space. */
  public long address() {
    requireOpen();
    return address;
  }

  /** Copies from host memory to {@code offset} on; blocks until it is done. */
  public void write(long offset, MemorySegment from) {
    requireWithin(offset, from);
    NativeCuda.copy(gpu, address + offset, from.address(), from.byteSize());
  }

  /** Copies from {@code offset} on to host memory; blocks until it is done. */
  public void read(long offset, MemorySegment to) {
    requireWithin(offset, to);
    NativeCuda.copy(gpu, to.address(), address + offset, to.byteSize());
  }

  private void requireWithin(long offset, MemorySegment host) {
    requireOpen();
    if (!host.isNative()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "memory on the heap cannot be copied to or from " + this);
    }
    if (offset < 0 || host.byteSize() > bytes - offset) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%d bytes at %d lie outside of %s".formatted(host.byteSize(), offset, this));
    }
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new HawserException(ErrorCode.CLOSED, this + " is closed");
    }
  }

  /** Does nothing when it is closed already. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      NativeCuda.free(address);
    }
  }

  @Override
  public String toString() {
    return "%d bytes of GPU %d".formatted(bytes, gpu);
  }
}
