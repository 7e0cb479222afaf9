package org.hawser.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.lane.HostPort;

/** Forwards connections to a server, and cuts each after so many bytes, or all when it is told. */
public final class CuttingProxy implements AutoCloseable {
  private static final int BLOCK = 4096;

  private final HostPort server;
  private final long bytes;
  private final ServerSocket listening;
  private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
  private final AtomicInteger cuts = new AtomicInteger();

  /** Cuts none before it is told. */
  public CuttingProxy(HostPort server) {
    this(server, Long.MAX_VALUE);
  }

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

  public HostPort address() {
    return new HostPort("127.0.0.1", listening.getLocalPort());
  }

  /** Connections that it has cut after their bytes. */
  int cuts() {
    return cuts.get();
  }

  /** Ends every connection that there is; new ones may come. */
  public void cutAll() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        clients.add(client);
        Thread.ofPlatform().daemon().start(() -> serve(client));
      }
    } catch (IOException e) {
      // The test has closed it.
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket forward = new Socket(server.host(), server.port())) {
      Thread back = Thread.ofPlatform().daemon().start(() -> copy(forward, client, Long.MAX_VALUE));
      // Every other time what was answered by now gets through, so that there is progress.
      if (copy(client, forward, bytes) && cuts.incrementAndGet() % 2 == 0) {
        forward.shutdownOutput();
        back.join();
      }
    } catch (IOException e) {
      // One of the ends has closed it.
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      clients.remove(client);
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
      cutAll();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
