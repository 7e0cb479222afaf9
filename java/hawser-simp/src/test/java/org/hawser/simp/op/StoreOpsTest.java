package org.hawser.simp.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.simp.FileStore;
import org.hawser.simp.OpRegistry;
import org.hawser.spu.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StoreOpsTest {
  private static final Tensor TENSOR = Tensor.of(new double[] {1, 2, 3}, 3);

  @Test
  void whatIsSavedCanBeLoadedByTheNextProcess(@TempDir Path folder) {
    Map<String, Object> name = Map.of("uri_base", "fs://models/first");
    try (FileStore store = FileStore.open(folder);
        var worker = new OneWorker(StoreOps.register(new OpRegistry()), store)) {
      assertEquals(TENSOR, worker.run("store.save", name, TENSOR));
    }
    try (FileStore store = FileStore.open(folder);
        var worker = new OneWorker(StoreOps.register(new OpRegistry()), store)) {
      assertEquals(TENSOR, worker.run("store.load", name));
      assertEquals(TENSOR, worker.run("store.load", Map.of("uri_base", "models/first")));
    }
  }

  @Test
  void withoutADiskNothingIsSaved() {
    try (var worker = new OneWorker(StoreOps.register(new OpRegistry()))) {
      HawserException failure =
          assertThrows(
              HawserException.class,
              () -> worker.run("store.save", Map.of("uri_base", "models/first"), TENSOR));
      assertEquals(ErrorCode.UNSUPPORTED, failure.code());
      assertTrue(failure.getMessage().contains("no store on disk"), failure.getMessage());
    }
  }
}
