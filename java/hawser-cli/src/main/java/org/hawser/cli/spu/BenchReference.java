package org.hawser.cli.spu;

import java.nio.file.Path;
import org.hawser.cli.tensor.TensorFiles;
import org.hawser.spu.Tensor;

/** What one program gave over each link, in files, and how it differs from what mem gave. */
record BenchReference(BenchProgram program, Path folder) {
  /** Where the result over a link is written. */
  Path file(LinkKind link) {
    return folder.resolve("%s-%s.npy".formatted(program.text().replace(':', '-'), link));
  }

  /** Null where nothing is computed. */
  Double largestDifference(LinkKind link) {
    if (program.isBare()) {
      return null;
    }
    double[] expected = TensorFiles.read(file(LinkKind.mem)).toDoubles();
    Tensor result = TensorFiles.read(file(link));
    double[] found = result.toDoubles();
    if (found.length != expected.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs(found[i] - expected[i]));
    }
    return largest;
  }
}
