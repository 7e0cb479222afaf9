package org.hawser.trust;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;

/** Two identities, and a connection between them over loopback. */
record Meeting(SSLSocket client, SSLSocket server, Socket connected, Socket accepted)
    implements AutoCloseable {
  private static final int LIMIT_MILLIS = 20_000;

  /**
   * @param rank that the client expects
   */
  static Meeting of(Identity client, Identity server, String host, int rank) throws IOException {
    try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var connected = new Socket(listening.getInetAddress(), listening.getLocalPort());
      var accepted = listening.accept();
      connected.setSoTimeout(LIMIT_MILLIS);
      accepted.setSoTimeout(LIMIT_MILLIS);
      return new Meeting(
          client.client(connected, host, rank), server.server(accepted), connected, accepted);
    }
  }

  /** What the server hears of what the client says, which both confirm. */
  String say(String words) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      byte[] bytes = words.getBytes(StandardCharsets.UTF_8);
      var heard = CompletableFuture.supplyAsync(() -> hear(bytes.length), threads);
      try {
        client.getOutputStream().write(bytes);
        // In TLS 1.3 the client ends first: only an answer tells that it was let in.
        client.getInputStream().readNBytes(1);
      } catch (IOException e) {
        connected.close();
      }
      return heard.get(LIMIT_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private String hear(int length) {
    try {
      byte[] bytes = server.getInputStream().readNBytes(length);
      server.getOutputStream().write(1);
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    // An SSLSocket would wait for the other's farewell.
    connected.close();
    accepted.close();
  }
}
