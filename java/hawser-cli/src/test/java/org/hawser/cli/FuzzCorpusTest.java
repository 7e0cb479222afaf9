package org.hawser.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hawser.cli.cluster.ClusterFuzz;
import org.hawser.cli.tensor.NpyFuzz;
import org.junit.jupiter.api.Test;

/** What was found by fuzzing stays mended: every input of the corpora is read again. */
class FuzzCorpusTest {
  private interface Target {
    void run(byte[] input) throws IOException;
  }

  @Test
  void cluster() throws IOException {
    replay("ClusterFuzz", ClusterFuzz::fuzzerTestOneInput);
  }

  @Test
  void npy() throws IOException {
    replay("NpyFuzz", NpyFuzz::fuzzerTestOneInput);
  }

  private static void replay(String name, Target target) throws IOException {
    List<Path> inputs;
    try (var files = Files.list(Path.of("src/test/resources/fuzz", name))) {
      inputs = files.sorted().toList();
    }
    assertFalse(inputs.isEmpty());
    for (Path input : inputs) {
      target.run(Files.readAllBytes(input));
    }
  }
}
