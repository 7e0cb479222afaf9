package org.hawser.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hawser.lane.HostPort;

/**
 * A place in front of a server, where every TCP connection to it passes, and where faults meet
 * them: counted in pieces that are handed on.
 */
final class Relay implements AutoCloseable {
  private static final int PIECE = 16 << 10;
  private static final int CONNECT_MILLIS = 5000;

  private final ServerSocket door;
  private final HostPort target;
  private final Deque<Fault> faults;
  private final AtomicInteger injected = new AtomicInteger();
  private final AtomicInteger refusals = new AtomicInteger();
  private long pieces;

  Relay(HostPort target, List<Fault> faults) throws IOException {
    this.target = target;
    this.faults = new ArrayDeque<>(faults);
    this.door = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().name("chaos-relay").start(this::accept);
  }

  String place() {
    return "127.0.0.1:" + door.getLocalPort();
  }

  int injected() {
    return injected.get();
  }

  synchronized boolean isDone() {
    return faults.isEmpty();
  }

  private void accept() {
    try {
      while (true) {
        Socket near = door.accept();
        if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
          near.close();
        } else {
          Thread.ofVirtual().start(() -> join(near));
        }
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  private void join(Socket near) {
    try (near;
        var far = new Socket()) {
      far.connect(new InetSocketAddress(target.host(), target.port()), CONNECT_MILLIS);
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      Thread back = Thread.ofVirtual().start(() -> pass(far, near));
      pass(near, far);
      back.join();
    } catch (IOException e) {
      // Nobody listens there: the near end sees its connection end.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] piece = new byte[PIECE];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int bytes = in.read(piece); bytes >= 0; bytes = in.read(piece)) {
        Fault fault = next();
        if (fault == null) {
          out.write(piece, 0, bytes);
        } else {
          inject(fault, piece, bytes, out);
        }
      }
      to.shutdownOutput();
    } catch (IOException e) {
      end(from);
      end(to);
    }
  }

  private synchronized Fault next() {
    pieces++;
    return !faults.isEmpty() && faults.element().at() <= pieces ? faults.remove() : null;
  }

  private void inject(Fault fault, byte[] piece, int bytes, OutputStream out) throws IOException {
    injected.incrementAndGet();
    switch (fault.kind()) {
      case "pause" -> {
        NodePair.sleep(fault.amount());
        out.write(piece, 0, bytes);
      }
      case "cut" -> {
        out.write(piece, 0, bytes / 2);
        throw new IOException("cut in the midst of a piece");
      }
      case "refuse" -> {
        refusals.addAndGet(fault.amount());
        throw new IOException("reset, and refused for a while");
      }
      default -> throw new IOException("reset");
    }
  }

  /** With a reset, so that neither end takes it for an orderly end. */
  private static void end(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // It is closed.
    }
  }

  @Override
  public void close() throws IOException {
    door.close();
  }
}
