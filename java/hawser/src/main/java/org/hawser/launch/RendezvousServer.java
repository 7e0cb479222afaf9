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
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.hawser.ErrorCode;
import org.hawser.launch.RendezvousState.Answer;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;

/**
 * Rank 0's side of the rendezvous: a virtual thread accepts, and one more serves each connection.
 * Connections without the job's token are dropped, counted, and disturb nobody.
 */
final class RendezvousServer implements AutoCloseable {
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

  private final byte[] token;
  private final Optional<Identity> identity;
  private final RendezvousState state;
  private final Newcomers newcomers = new Newcomers();
  private final ServerSocket socket;
  private final Thread acceptor;

  /**
   * @throws org.hawser.HawserException (IO) when the address cannot be listened at, (REFUSED) when
   *     that would be in the clear for other machines
   */
  RendezvousServer(Member member, RendezvousAddress address, byte[] token, Protection protection) {
    this.token = token;
    this.identity = protection.identity();
    this.state = new RendezvousState(member.size());
    try {
      var listen = InetAddress.getByName(address.listen());
      protection.require(listen, "the exchange of the ranks");
      socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(listen, address.port()), Newcomers.MOST);
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
    acceptor = Thread.ofVirtual().name("hawser-rendezvous").start(this::accept);
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

  /** The port is free afterwards: for a rank 0 that starts again. */
  @Override
  public void close() {
    Quietly.close(socket);
    try {
      // The JDK lets the port go when the thread that accepts has come back.
      acceptor.join(CLOSE_TIMEOUT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
      newcomers.admit(connection);
      // The connection itself is what is closed: a secure socket would wait for a farewell.
      var secure = identity.isEmpty() ? null : identity.get().server(connection);
      Socket talk = secure == null ? connection : secure;
      var in = new DataInputStream(new BufferedInputStream(talk.getInputStream()));
      var out = new DataOutputStream(new BufferedOutputStream(talk.getOutputStream()));
      if (!presentsToken(in)) {
        state.countStranger();
        return;
      }
      int claimedRank = in.readInt();
      int claimedSize = in.readInt();
      var welcome =
          refusal(claimedRank, secure)
              .map(why -> Answer.not(ErrorCode.REFUSED, why))
              .orElseGet(() -> state.join(claimedRank, claimedSize));
      if (welcome.code() == ErrorCode.OK) {
        rank = claimedRank;
      }
      newcomers.remove(connection);
      reply(out, welcome);
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
      newcomers.remove(connection);
      if (rank >= 0) {
        state.leave(rank);
      }
    }
  }

  private Optional<String> refusal(int rank, SSLSocket secure) {
    return identity.flatMap(each -> each.refusal(rank, secure.getSession()));
  }

  private boolean presentsToken(DataInputStream in) throws IOException {
    return in.readInt() == RendezvousProtocol.MAGIC
        && MessageDigest.isEqual(in.readNBytes(RendezvousProtocol.TOKEN_BYTES), token);
  }

  /** Reads on while an answer waits for other ranks: the end of a rank that waits is noticed. */
  private void serveRequests(int rank, DataInputStream in, DataOutputStream out)
      throws IOException, InterruptedException {
    var waiting = Thread.startVirtualThread(() -> {}); // Nothing yet.
    try {
      while (true) {
        byte request = in.readByte();
        waiting.join(); // A rank asks one thing at a time.
        switch (request) {
          case RendezvousProtocol.COMMIT -> reply(out, commit(rank, in));
          case RendezvousProtocol.FENCE -> {
            long nanos = nanos(in.readLong());
            waiting = answering(out, () -> state.fence(rank, nanos));
          }
          case RendezvousProtocol.GET -> {
            int of = in.readInt();
            var key = in.readUTF();
            long nanos = nanos(in.readLong());
            waiting = answering(out, () -> state.get(of, key, nanos));
          }
          default -> {
            return;
          }
        }
      }
    } finally {
      waiting.interrupt();
    }
  }

  private static Thread answering(DataOutputStream out, Callable<Answer> question) {
    return Thread.ofVirtual()
        .name("hawser-rendezvous-answer")
        .start(
            () -> {
              try {
                reply(out, question.call());
              } catch (Exception e) {
                // The rank left while it waited: its connection's thread says so to the others.
              }
            });
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
