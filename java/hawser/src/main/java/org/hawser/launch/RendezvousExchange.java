package org.hawser.launch;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSocket;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;

/**
 * The exchange where there is no PMIx: every rank, rank 0 too, keeps one TCP connection to the
 * server that runs in rank 0. One request is on its way at a time; the server keeps the deadlines,
 * and the socket's own is a little longer, for the case that the server's host is gone.
 */
final class RendezvousExchange implements Exchange {
  private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration LEAVE_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration ANSWER_MARGIN = Duration.ofSeconds(2);
  private static final long RETRY_MS = 50;

  private final Member member;
  private final RendezvousServer server;
  // Fair: who asks again and again in short slices must not keep the others out.
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Map<String, byte[]> uncommitted = new LinkedHashMap<>();
  private Socket socket;
  private DataInputStream in;
  private DataOutputStream out;

  private RendezvousExchange(Member member, RendezvousServer server) {
    this.member = member;
    this.server = server;
  }

  static RendezvousExchange join(
      Member member,
      RendezvousAddress address,
      byte[] token,
      Protection protection,
      Duration timeout) {
    var server =
        member.rank() == 0 ? new RendezvousServer(member, address, token, protection) : null;
    var exchange = new RendezvousExchange(member, server);
    try {
      exchange.connect(address, timeout);
      exchange.hello(address, token, protection, timeout);
      return exchange;
    } catch (HawserException e) {
      exchange.disconnect();
      if (server != null) {
        server.close();
      }
      throw e;
    }
  }

  /** Tries again until the deadline: rank 0 may start later than we. */
  private void connect(RendezvousAddress address, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      int left = (int) TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      var attempt = new Socket();
      try {
        attempt.connect(target(address), Math.max(1, left));
        socket = attempt;
        return;
      } catch (IOException e) {
        Quietly.close(attempt);
        if (left <= RETRY_MS) {
          throw member.failure(
              ErrorCode.TIMEOUT,
              "rank 0 does not answer on "
                  + address
                  + " within "
                  + timeout
                  + " ("
                  + e.getMessage()
                  + "): did it start, and may this host reach that port?",
              e);
        }
        pause();
      }
    }
  }

  /**
   * Rank 0 may not reach itself by the name its peers use; theirs is resolved anew each time, as
   * names come up late.
   */
  private InetSocketAddress target(RendezvousAddress address) {
    return server == null
        ? new InetSocketAddress(address.host(), address.port())
        : server.localAddress();
  }

  private void pause() {
    try {
      Thread.sleep(RETRY_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw member.failure(ErrorCode.CANCELLED, "interrupted while waiting for rank 0", e);
    }
  }

  private void hello(
      RendezvousAddress address, byte[] token, Protection protection, Duration timeout) {
    request(
        "join",
        timeout,
        () -> {
          socket.setTcpNoDelay(true);
          Socket talk = protectedBy(protection, address);
          in = new DataInputStream(new BufferedInputStream(talk.getInputStream()));
          out = new DataOutputStream(new BufferedOutputStream(talk.getOutputStream()));
          out.writeInt(RendezvousProtocol.MAGIC);
          out.write(token);
          out.writeInt(member.rank());
          out.writeInt(member.size());
        });
  }

  /** What to talk on once rank 0 has shown that it is rank 0; the socket stays what is closed. */
  private Socket protectedBy(Protection protection, RendezvousAddress address) throws IOException {
    if (protection.identity().isEmpty()) {
      protection.require(socket.getInetAddress(), "the exchange with rank 0");
      return socket;
    }
    Identity identity = protection.identity().get();
    SSLSocket secure = identity.client(socket, address.host(), 0);
    secure.startHandshake();
    Optional<String> refusal = identity.refusal(0, secure.getSession());
    if (refusal.isPresent()) {
      throw member.failure(ErrorCode.REFUSED, "at %s: %s".formatted(address, refusal.get()));
    }
    return secure;
  }

  @Override
  public void put(String key, byte[] value) {
    lock.lock();
    try {
      if (uncommitted.size() >= RendezvousProtocol.MAX_PAIRS) {
        throw member.failure(
            ErrorCode.INVALID_ARGUMENT,
            "a rank puts at most " + RendezvousProtocol.MAX_PAIRS + " values");
      }
      uncommitted.put(key, value);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void commit() {
    request(
        "commit",
        COMMIT_TIMEOUT,
        () -> {
          out.writeByte(RendezvousProtocol.COMMIT);
          out.writeInt(uncommitted.size());
          for (var pair : uncommitted.entrySet()) {
            out.writeUTF(pair.getKey());
            out.writeInt(pair.getValue().length);
            out.write(pair.getValue());
          }
          uncommitted.clear();
        });
  }

  @Override
  public void fence(Duration timeout) {
    request(
        "fence",
        timeout,
        () -> {
          out.writeByte(RendezvousProtocol.FENCE);
          out.writeLong(timeout.toMillis());
        });
  }

  @Override
  public byte[] get(int rank, String key, Duration timeout) {
    return exchange(
        "get of " + key + " from rank " + rank,
        timeout,
        () -> {
          out.writeByte(RendezvousProtocol.GET);
          out.writeInt(rank);
          out.writeUTF(key);
          out.writeLong(timeout.toMillis());
        },
        () -> {
          var value = new byte[RendezvousServer.bounded(in.readInt(), Launch.MAX_VALUE_BYTES)];
          in.readFully(value);
          return value;
        });
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (socket == null) {
        return;
      }
      out.writeByte(RendezvousProtocol.LEAVE);
      out.flush();
    } catch (IOException e) {
      // Rank 0 sees the end of the connection, which says the same.
    } finally {
      disconnect();
      lock.unlock();
    }
    if (server != null) {
      server.closeAfterAll(LEAVE_TIMEOUT);
    }
  }

  private void disconnect() {
    Quietly.close(socket);
    socket = null;
  }

  @FunctionalInterface
  private interface Writer {
    void write() throws IOException;
  }

  @FunctionalInterface
  private interface Reader<T> {
    T read() throws IOException;
  }

  private void request(String operation, Duration timeout, Writer writer) {
    exchange(operation, timeout, writer, () -> null);
  }

  private <T> T exchange(String operation, Duration timeout, Writer writer, Reader<T> reader) {
    acquire(operation, timeout);
    try {
      if (socket == null) {
        throw member.failure(
            ErrorCode.CLOSED, operation + " after close, or after rank 0 was lost");
      }
      socket.setSoTimeout(
          (int) Math.min(Integer.MAX_VALUE, timeout.plus(ANSWER_MARGIN).toMillis()));
      writer.write();
      out.flush();
      var code = RendezvousProtocol.code(in.readByte());
      if (code != ErrorCode.OK) {
        throw member.failure(code, in.readUTF());
      }
      return reader.read();
    } catch (IOException e) {
      // An answer may come later or be half read: nothing more can be made of this connection.
      disconnect();
      var code = e instanceof SocketTimeoutException ? ErrorCode.TIMEOUT : ErrorCode.LINK_FAILED;
      throw member.failure(
          code, operation + ": rank 0 was lost, or took us for a stranger (" + e + ")", e);
    } finally {
      lock.unlock();
    }
  }

  private void acquire(String operation, Duration timeout) {
    try {
      if (!lock.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        throw member.failure(ErrorCode.TIMEOUT, operation + ": an earlier call still runs");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw member.failure(ErrorCode.CANCELLED, operation + " was interrupted", e);
    }
  }
}
