package org.hawser.launch;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.launch.RendezvousState.Answer;

/**
 * Rank 0's side of the rendezvous: a virtual thread accepts, and one more serves each connection.
 * Connections without the job's token are dropped, counted, and disturb nobody.
 */
final class RendezvousServer implements AutoCloseable {
  private static final int HELLO_TIMEOUT_MS = 5_000;

  private final byte[] token;
  private final RendezvousState state;
  private final ServerSocket socket;

  RendezvousServer(Member member, RendezvousAddress address, byte[] token) {
    this.token = token;
    this.state = new RendezvousState(member.size());
    try {
      socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(
          new InetSocketAddress(InetAddress.getByName(address.listen()), address.port()), 1024);
    } catch (IOException e) {
      throw member.failure(
          ErrorCode.IO,
          "can not listen on "
              + address.listen()
              + ":"
              + address.port()
              + " for the other ranks ("
              + e.getMessage()
              + "): set HAWSER_RENDEZVOUS=HOST:PORT on all ranks, HOST being that of rank 0",
          e);
    }
    Thread.ofVirtual().name("hawser-rendezvous").start(this::accept);
  }

  /** Where the process that runs this server reaches it. */
  InetSocketAddress localAddress() {
    var bound = socket.getInetAddress();
    return new InetSocketAddress(
        bound.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound,
        socket.getLocalPort());
  }

  /**
   * Serves on until all ranks that joined have left, at most as long as given; then closes the
   * port.
   */
  void closeAfterAll(Duration timeout) {
    try {
      state.awaitLeft(timeout.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    Quietly.close(socket);
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        var connection = socket.accept();
        Thread.ofVirtual().name("hawser-rendezvous-rank").start(() -> serve(connection));
      } catch (IOException e) {
        // Closed, which ends the loop; or out of descriptors, which others' ends may cure.
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket connection) {
    int rank = -1;
    try (connection) {
      connection.setTcpNoDelay(true);
      connection.setSoTimeout(HELLO_TIMEOUT_MS);
      var in = new DataInputStream(new BufferedInputStream(connection.getInputStream()));
      var out = new DataOutputStream(new BufferedOutputStream(connection.getOutputStream()));
      if (!presentsToken(in)) {
        state.countStranger();
        return;
      }
      int claimedRank = in.readInt();
      var welcome = state.join(claimedRank, in.readInt());
      if (welcome.code() == ErrorCode.OK) {
        rank = claimedRank;
      }
      reply(out, welcome);
      connection.setSoTimeout(0);
      if (rank >= 0) {
        serveRequests(rank, in, out);
      }
    } catch (IOException e) {
      // The connection broke, or never was a rank's: both end in the same leave below.
      if (rank < 0) {
        state.countStranger();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (rank >= 0) {
        state.leave(rank);
      }
    }
  }

  private boolean presentsToken(DataInputStream in) throws IOException {
    return in.readInt() == RendezvousProtocol.MAGIC
        && MessageDigest.isEqual(in.readNBytes(RendezvousProtocol.TOKEN_BYTES), token);
  }

  private void serveRequests(int rank, DataInputStream in, DataOutputStream out)
      throws IOException, InterruptedException {
    while (true) {
      switch (in.readByte()) {
        case RendezvousProtocol.COMMIT -> reply(out, commit(rank, in));
        case RendezvousProtocol.FENCE -> reply(out, state.fence(rank, nanos(in.readLong())));
        case RendezvousProtocol.GET ->
            reply(out, state.get(in.readInt(), in.readUTF(), nanos(in.readLong())));
        default -> {
          return;
        }
      }
    }
  }

  private Answer commit(int rank, DataInputStream in) throws IOException {
    int count = bounded(in.readInt(), RendezvousProtocol.MAX_PAIRS);
    var pairs = new LinkedHashMap<String, byte[]>();
    for (int i = 0; i < count; i++) {
      var key = in.readUTF();
      var value = new byte[bounded(in.readInt(), Launch.MAX_VALUE_BYTES)];
      in.readFully(value);
      pairs.put(key, value);
    }
    return state.commit(rank, pairs);
  }

  private static long nanos(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }

  static int bounded(int count, int most) throws IOException {
    if (count < 0 || count > most) {
      throw new IOException("a count of " + count + ", at most " + most + " is sent");
    }
    return count;
  }

  private static void reply(DataOutputStream out, Answer answer) throws IOException {
    out.writeByte(RendezvousProtocol.status(answer.code()));
    if (answer.value() != null) {
      out.writeInt(answer.value().length);
      out.write(answer.value());
    }
    if (answer.text() != null) {
      out.writeUTF(answer.text());
    }
    out.flush();
  }
}
