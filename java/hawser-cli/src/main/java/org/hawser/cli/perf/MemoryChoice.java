package org.hawser.cli.perf;

import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.mem.Buffer;
import org.hawser.mem.DeviceBuffer;
import org.hawser.mem.Memory;

/**
 * Where the messages lie, at both ends.
 *
 * @param gpu its number; 0 for memory of the host
 */
record MemoryChoice(Memory.Kind kind, int gpu) {
  private static final String CUDA = "cuda";
  private static final int MOST_GPUS = 64;

  /**
   * @param text host, pinned or cuda[:N]
   * @throws HawserException INVALID_ARGUMENT for anything else
   */
  static MemoryChoice parse(String text) {
    return switch (text) {
      case "host" -> new MemoryChoice(Memory.Kind.HOST, 0);
      case "pinned" -> new MemoryChoice(Memory.Kind.PINNED, 0);
      case CUDA -> new MemoryChoice(Memory.Kind.DEVICE, 0);
      default -> new MemoryChoice(Memory.Kind.DEVICE, gpu(text));
    };
  }

  private static int gpu(String text) {
    if (text.matches(CUDA + ":[0-9]{1,2}")) {
      int gpu = Integer.parseInt(text.substring(CUDA.length() + 1));
      if (gpu < MOST_GPUS) {
        return gpu;
      }
    }
    throw new HawserException(
        ErrorCode.INVALID_ARGUMENT, "memory is host, pinned or cuda[:N], not " + text);
  }

  Memory allocate(long bytes) {
    return switch (kind) {
      case HOST -> Buffer.allocate(bytes);
      case PINNED -> Buffer.allocatePinned(bytes);
      case DEVICE -> DeviceBuffer.allocate(gpu, bytes);
    };
  }

  /**
   * @throws HawserException why there is no such memory here
   */
  void require() {
    allocate(1).close();
  }

  @Override
  public String toString() {
    return switch (kind) {
      case HOST -> "host";
      case PINNED -> "pinned";
      case DEVICE -> CUDA + ":" + gpu;
    };
  }
}
