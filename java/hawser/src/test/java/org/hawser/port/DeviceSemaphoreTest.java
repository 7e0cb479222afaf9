package org.hawser.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.hawser.port.Side.SOON;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Jvm;
import org.hawser.comm.Background;
import org.hawser.mem.DeviceBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Semaphores in a GPU's memory, by the driver that the native tests put in its place. */
@Timeout(120)
class DeviceSemaphoreTest {
  private static final Path FAKE_DRIVER =
      Path.of("../../build/cmake/cpp/tests/fake_cuda/libcuda.so.1");

  private static final int ABSENT = 77;
  private static final long BYTES = 4096;
  private static final int ITERATIONS = 20;

  @Test
  void otherTransportsHaveNone() {
    List<Side> pair = Side.pair(Transport.MEMORY);
    try (var a = pair.get(0);
        var _ = pair.get(1)) {
      var thrown = assertThrows(HawserException.class, a.connection::deviceSemaphore);
      assertEquals(ErrorCode.UNSUPPORTED, thrown.code());
      assertTrue(thrown.getMessage().contains("Memory signals"), thrown::getMessage);
    }
  }

  @Test
  void kernelsWaitOnThem() throws Exception {
    assumeTrue(Files.exists(FAKE_DRIVER), "the native tests are not built");
    String folder = FAKE_DRIVER.toAbsolutePath().getParent().toString();
    run(Map.of("LD_LIBRARY_PATH", folder));
  }

  @Test
  @Tag("gpu")
  void kernelsOfARealGpuWaitOnThem() throws Exception {
    run(Map.of());
  }

  private static void run(Map<String, String> environment) throws Exception {
    var process = Jvm.start(environment, DeviceSemaphoreTest.class);
    assertTrue(process.waitFor(90, TimeUnit.SECONDS), "the process hangs");
    assumeTrue(process.exitValue() != ABSENT, "no GPU, or built without CUDA");
    assertEquals(0, process.exitValue());
  }

  /** Two ranks in a process whose CUDA driver the environment has chosen. */
  public static void main(String[] arguments) {
    if (DeviceBuffer.gpus() == 0) {
      System.exit(ABSENT);
    }
    try (var contextA = PortContext.open(Side.options(0), "127.0.0.1");
        var contextB = PortContext.open(Side.options(1), "127.0.0.1");
        var bufferA = DeviceBuffer.allocate(0, 2 * BYTES);
        var bufferB = DeviceBuffer.allocate(0, 2 * BYTES)) {
      var config = EndpointConfig.of(Transport.CUDA_IPC).withDevice(0);
      var endA = contextA.endpoint(config);
      var endB = contextB.endpoint(config);
      var other = Background.start(() -> endB.connect(endA.serialize(), SOON));
      var a = endA.connect(endB.serialize(), SOON).deviceSemaphore();
      var b = Background.join(other).deviceSemaphore();
      a.join(b.serialize(), SOON);
      b.join(a.serialize(), SOON);
      requireOfKernels(a);
      fill(bufferA, 0, 1);
      fill(bufferB, BYTES, 2);
      var putA = channel(contextA, contextB, a, bufferA, bufferB);
      var putB = channel(contextB, contextA, b, bufferB, bufferA);
      CompletableFuture<?> peer =
          Background.start(() -> putB.runBidirectionalKernel(0, 1, BYTES, ITERATIONS, SOON));
      putA.runBidirectionalKernel(0, 0, BYTES, ITERATIONS, SOON);
      Background.join(peer);
      require(holds(bufferB, 0, 1) && holds(bufferA, BYTES, 2), "wrong data");
    }
  }

  private static PortChannel channel(
      PortContext here,
      PortContext there,
      Semaphore semaphore,
      DeviceBuffer from,
      DeviceBuffer into) {
    var target = there.register(into, Transport.CUDA_IPC);
    var proxy = new ProxyService(here);
    var channel =
        proxy.portChannel(
            proxy.addSemaphore(semaphore),
            proxy.addMemory(here.deserialize(target.serialize(), SOON)),
            proxy.addMemory(here.register(from, Transport.CUDA_IPC)));
    proxy.startProxy();
    return channel;
  }

  private static void requireOfKernels(Semaphore semaphore) {
    require(semaphore.isOnDevice(), "it is of the host");
    for (Runnable use : List.<Runnable>of(semaphore::poll, () -> semaphore.awaitSignal(SOON))) {
      try {
        use.run();
      } catch (HawserException e) {
        require(
            e.code() == ErrorCode.INVALID_ARGUMENT && e.getMessage().contains("a kernel waits"),
            e.getMessage());
        continue;
      }
      throw new IllegalStateException("the host took a signal of a kernel's");
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) { // JUnit is not where this runs
      throw new IllegalStateException(otherwise);
    }
  }

  private static void fill(DeviceBuffer buffer, long offset, int value) {
    try (var arena = Arena.ofConfined()) {
      buffer.write(offset, arena.allocate(BYTES).fill((byte) value));
    }
  }

  private static boolean holds(DeviceBuffer buffer, long offset, int value) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(BYTES);
      buffer.read(offset, found);
      return found.elements(JAVA_BYTE).allMatch(each -> each.get(JAVA_BYTE, 0) == value);
    }
  }
}
