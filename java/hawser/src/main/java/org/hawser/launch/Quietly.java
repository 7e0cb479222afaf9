package org.hawser.launch;

import java.io.Closeable;
import java.io.IOException;

/** Closes what is given up anyway, where a failure to close changes nothing for anybody. */
final class Quietly {
  private Quietly() {}

  static void close(Closeable closeable) {
    if (closeable == null) {
      return;
    }
    try {
      closeable.close();
    } catch (IOException e) {
      // The kernel frees the descriptor either way.
    }
  }
}
