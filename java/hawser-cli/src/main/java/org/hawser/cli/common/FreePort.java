package org.hawser.cli.common;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;

/** Ports for listeners that must be told one. */
public final class FreePort {
  private FreePort() {}

  /** One that nobody listens at now; whoever binds it should do so soon. */
  public static int find() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
