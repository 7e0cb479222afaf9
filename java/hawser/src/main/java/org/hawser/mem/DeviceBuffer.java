package org.hawser.mem;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativeCuda;

/**
 * Zeroed memory of a GPU, its owner. It is no segment: the host reaches it by copies.
 *
 * <p>A link carries it once it is registered there, by {@link
 * org.hawser.lane.Link#register(Memory)}. Work of the program's own on the GPU, such as a kernel
 * that writes what is to be sent, must have completed before a transfer starts. Of ports: it is
 * closed once no put is under way with it and no peer has it imported.
 */
public final class DeviceBuffer implements Memory {
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
    Extents.requireSize("memory of a GPU", bytes);
    return new DeviceBuffer(gpu, bytes, NativeCuda.allocate(gpu, bytes));
  }

  public int gpu() {
    return gpu;
  }

  @Override
  public Kind kind() {
    return Kind.DEVICE;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public long address() {
    Extents.requireOpen(this);
    return address;
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public void write(long offset, MemorySegment from) {
    Extents.requireCopy(this, offset, from);
    NativeCuda.copy(gpu, address + offset, from.address(), from.byteSize());
  }

  @Override
  public void read(long offset, MemorySegment to) {
    Extents.requireCopy(this, offset, to);
    NativeCuda.copy(gpu, to.address(), address + offset, to.byteSize());
  }

  /**
   * Lends the memory to others, such as a network device, by a descriptor.
   *
   * @throws HawserException UNSUPPORTED where the GPU or its driver has no DMA-BUF
   */
  public DmaBuf exportDmaBuf() {
    Extents.requireOpen(this);
    return new DmaBuf(NativeCuda.exportDmaBuf(address, bytes), bytes);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      MemoryUsers.free(address, bytes, () -> NativeCuda.free(address));
    }
  }

  @Override
  public String toString() {
    return "%d bytes of GPU %d".formatted(bytes, gpu);
  }
}
