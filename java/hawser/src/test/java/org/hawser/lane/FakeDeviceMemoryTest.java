package org.hawser.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hawser.Jvm;
import org.junit.jupiter.api.Test;

/**
 * What {@link DeviceMemoryTest} does on a GPU, in another JVM on the driver that the native tests
 * put in a GPU's place: it ends a process that touches memory of a GPU by other means than its
 * copies.
 */
class FakeDeviceMemoryTest {
  private static final Path DRIVER = Path.of("../../build/cmake/cpp/tests/fake_cuda/libcuda.so.1");

  @Test
  void allChecksHold() throws Exception {
    assumeTrue(Files.exists(DRIVER), "the native tests are not built, or without CUDA");
    Process process =
        Jvm.start(
            Map.of(
                "LD_LIBRARY_PATH", DRIVER.toAbsolutePath().getParent().toString(),
                "FAKE_CUDA_GUARD", "1",
                "FAKE_CUDA_COPY_MICROS", "100"),
            DeviceChecks.class);
    try {
      assertTrue(process.waitFor(100, TimeUnit.SECONDS), "the checks did not end");
      assertEquals(0, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }
}
