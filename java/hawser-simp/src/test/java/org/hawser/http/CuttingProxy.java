package org.hawser.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.hawser.lane.HostPort;

/** Forwards connections to a server one after the other, and cuts each after so many bytes. */
final class CuttingProxy implements AutoCloseable {
  private static final int BLOCK = 4096;

  private final HostPort server;
  private final long bytes;
  private final ServerSocket listening;
  private volatile int cuts;

  CuttingProxy(HostPort server, long bytes) {
    this.server = server;
    this.bytes = bytes;
    try {
      listening = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().daemon().start(this::accept);
  }

  HostPort address() {
    return new HostPort("127.0.0.1", listening.getLocalPort());
  }

  /** Connections that it has cut. */
  int cuts() {
    return cuts;
  }

  private void accept() {
    while (!listening.isClosed()) {
      try (Socket client = listening.accept();
          Socket forward = new Socket(server.host(), server.port())) {
        Thread back =
            Thread.ofPlatform().daemon().start(() -> copy(forward, client, Long.MAX_VALUE));
        if (copy(client, forward, bytes)) {
          cuts++;
          // Every other time what was answered by now gets through, so that there is progress.
          if (cuts % 2 == 0) {
            forward.shutdownOutput();
            back.join();
          }
        }
      } catch (IOException e) {
        // The test has closed it, or one of the ends has.
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Whether all of the bytes were copied, and not all that there is. */
  private static boolean copy(Socket from, Socket to, long limit) {
    var block = new byte[BLOCK];
    long left = limit;
    try {
      while (left > 0) {
        int count = from.getInputStream().read(block, 0, (int) Math.min(BLOCK, left));
        if (count < 0) {
          return false;
        }
        to.getOutputStream().write(block, 0, count);
        left -= count;
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
