package org.hawser.cli.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * A cluster's YAML describes one, or is refused with INVALID_ARGUMENT, and nothing else. Run by
 * {@code scripts/fuzz}.
 */
public final class ClusterFuzz {
  private static final Path FILE = file();

  private ClusterFuzz() {}

  public static void fuzzerTestOneInput(byte[] yaml) throws IOException {
    Files.write(FILE, yaml);
    try {
      Cluster cluster = Cluster.read(FILE);
      cluster.addresses();
      cluster.names();
      cluster.spu("spu");
    } catch (HawserException e) {
      if (e.code() != ErrorCode.INVALID_ARGUMENT) {
        throw e;
      }
    }
  }

  private static Path file() {
    try {
      Path file = Files.createTempFile("cluster", ".yaml");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
