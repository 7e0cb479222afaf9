package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;

/**
 * Another rank, as messages are sent to it. It is asked first whether it is a Hawser node, which
 * decides how it is talked to: a Hawser node over one connection, one message behind the other,
 * each numbered so that it can be sent again; mplang's over several connections, one message at a
 * time on each, and never twice.
 */
final class HttpPeer {
  static final byte[] LENGTH_AFTER_NUMBER = ascii("\r\nContent-Length: ");
  static final byte[] END = ascii("\r\n\r\n");

  private final HttpCommunicator owner;
  private final int rank;
  private final HostPort server;
  private final HttpOptions options;
  private final Transport transport;
  private final CompletableFuture<Boolean> hawser = new CompletableFuture<>();
  private final Queue<SendExchange> early = new ArrayDeque<>();
  private final SenderHistory history = new SenderHistory();
  private final byte[] headStart = ascii("PUT /comm/");
  private boolean asking;
  // Set once, when the peer's kind is known and what was sent early is on its way.
  private volatile Connections connections;
  private Connections first;
  private byte[] rawHead;
  private byte[] containerHead;
  private boolean numbered;
  private long lastNumber;
  private boolean probing;
  // It did not answer for too long.
  private volatile boolean away;
  // It has said farewell.
  private volatile boolean ended;

  HttpPeer(
      HttpCommunicator owner, int rank, HostPort server, HttpOptions options, Transport transport) {
    this.owner = owner;
    this.rank = rank;
    this.server = server;
    this.options = options;
    this.transport = transport;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** What it has sent to this rank. */
  SenderHistory history() {
    return history;
  }

  /** Whether it is a Hawser node; asks it the first time, without a wait here. */
  CompletableFuture<Boolean> hawser() {
    synchronized (this) {
      if (asking) {
        return hawser;
      }
      asking = true;
      first = new Connections(server, rank, options, transport, Connections.Style.PIPELINED);
    }
    first.onLost(this::probe);
    first.submit(new Question(this::answered, this::unreachable));
    return hawser;
  }

  private void answered(HttpHeaders headers) {
    boolean isHawser = headers.contains(Wire.HAWSER);
    numbered = isHawser;
    rawHead = head(true, isHawser);
    containerHead = head(false, isHawser);
    Connections chosen = first;
    if (!isHawser) {
      first.close();
      chosen = new Connections(server, rank, options, transport, Connections.Style.POOLED);
    }
    synchronized (this) {
      early.forEach(chosen::submit);
      early.clear();
      connections = chosen;
    }
    hawser.complete(isHawser);
  }

  private void unreachable(HawserException reason) {
    synchronized (this) {
      early.forEach(exchange -> exchange.failed(reason));
      early.clear();
      // The next who wants something asks again.
      asking = false;
      first.close();
    }
  }

  // ----------------------------------------------------------------------------------------------
  // whether it is there

  /** It says that it is, by any thread. */
  void hears(long epoch) {
    history.meet(epoch, this::startedAnew);
    isThere();
  }

  /** It has a new epoch. */
  void startedAnew(boolean again) {
    ended = false;
    away = false;
    if (again) {
      owner.restarted(rank);
    } else {
      owner.back(rank);
    }
  }

  /** A Hawser node has sent something, and so is there. */
  void isThere() {
    if (away && !ended) {
      away = false;
      owner.back(rank);
    }
    if (connections == null) {
      hawser(); // To notice when it is gone takes a connection to it.
    }
  }

  /** It says that nothing more comes from it. */
  void hasEnded(HawserException reason) {
    ended = true;
    owner.gone(rank, reason);
  }

  /**
   * A connection is lost: the peer is gone, or only the connection. Asks until it is there. Who has
   * ended says so itself when it comes back.
   */
  private void probe() {
    if (numbered && !probing && !ended && owner.isOpen()) {
      probing = true;
      connections.submit(
          new Question(
              headers -> {
                probing = false;
                isThere();
              },
              reason -> {
                probing = false;
                if (!ended && owner.isOpen()) {
                  away = true;
                  owner.gone(rank, reason);
                }
                probe();
              }));
    }
  }

  /** Everything of a request behind the key, up to the message's number or length. */
  private byte[] head(boolean raw, boolean isHawser) {
    return ascii(
        " HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n%s: %d\r\n%s: %s\r\n%s: %s\r\n%s"
            .formatted(
                server,
                MediaTypes.BINARY,
                Wire.FROM_RANK,
                owner.rank(),
                Wire.IS_RAW_BYTES,
                raw ? "1" : "0",
                Wire.SERDE_FORMAT,
                raw ? "raw-bytes" : "binary-container",
                isHawser ? "%s: %x:".formatted(Wire.SEQUENCE, owner.epoch()) : "Content-Length: "));
  }

  /** Sends a message, maybe later. */
  void send(SendExchange exchange) {
    Connections ready = connections;
    if (ready == null) {
      synchronized (this) {
        ready = connections;
        if (ready == null) {
          early.add(exchange);
        }
      }
      if (ready == null) {
        hawser();
        return;
      }
    }
    ready.submit(exchange);
  }

  /**
   * Tells it something that is not a message, if it is known as a Hawser node. Ends in any case.
   */
  CompletableFuture<Void> tell(String path, String text, long deadline) {
    var told = new CompletableFuture<Void>();
    if (hawser.getNow(false) && !away) {
      connections.submit(new Notice(path, text, deadline, told));
    } else {
      told.complete(null);
    }
    return told;
  }

  // ----------------------------------------------------------------------------------------------
  // by the connections' thread

  byte[] headStart() {
    return headStart;
  }

  byte[] rawHead() {
    return rawHead;
  }

  byte[] containerHead() {
    return containerHead;
  }

  boolean numbersMessages() {
    return numbered;
  }

  long nextNumber() {
    return ++lastNumber;
  }

  HawserException failure(HawserException reason, String key, long bytes) {
    return new HawserException(
        reason.code(),
        "rank %d: the send of %d bytes to rank %d (%s) under key %s failed: %s"
            .formatted(owner.rank(), bytes, rank, server, key, reason.getMessage()),
        reason,
        rank,
        -1,
        "",
        0);
  }

  /** Asks whether somebody is there, and who. */
  private final class Question extends Exchange {
    private final Consumer<HttpHeaders> here;
    private final Consumer<HawserException> gone;

    Question(Consumer<HttpHeaders> here, Consumer<HawserException> gone) {
      super(System.nanoTime() + owner.options().peerTimeout().toNanos());
      this.here = here;
      this.gone = gone;
    }

    @Override
    void write(Channel channel) {
      channel.write(
          Wire.ascii(
              "%s%s: %d\r\n%s: %x\r\n\r\n"
                  .formatted(
                      Wire.requestHead(
                          "GET", HttpCommunicator.HELLO, server.toString(), MediaTypes.JSON),
                      Wire.FROM_RANK,
                      owner.rank(),
                      Wire.EPOCH,
                      owner.epoch())));
    }

    @Override
    boolean isRepeatable() {
      return true;
    }

    @Override
    boolean wantsBody(int status) {
      return false;
    }

    @Override
    void answered(int status, HttpHeaders headers, ByteBuf body) {
      here.accept(headers);
    }

    @Override
    void failed(HawserException reason) {
      gone.accept(reason);
    }
  }

  /** Something to know for a peer, which needs no answer. */
  private final class Notice extends Exchange {
    private final String path;
    private final byte[] text;
    private final CompletableFuture<Void> told;

    Notice(String path, String text, long deadline, CompletableFuture<Void> told) {
      super(deadline);
      this.path = path;
      this.text = text.getBytes(StandardCharsets.UTF_8);
      this.told = told;
    }

    @Override
    void write(Channel channel) {
      String head =
          "%s%s: %d\r\nContent-Length: %d\r\n\r\n"
              .formatted(
                  Wire.requestHead("PUT", path, server.toString(), MediaTypes.BINARY),
                  Wire.FROM_RANK,
                  owner.rank(),
                  text.length);
      channel.write(Wire.ascii(head));
      channel.write(io.netty.buffer.Unpooled.wrappedBuffer(text));
    }

    @Override
    boolean isRepeatable() {
      return false;
    }

    @Override
    boolean wantsBody(int status) {
      return false;
    }

    @Override
    void answered(int status, HttpHeaders headers, ByteBuf body) {
      told.complete(null);
    }

    @Override
    void failed(HawserException reason) {
      told.complete(null);
    }
  }

  void close() {
    Connections opened = connections == null ? first : connections;
    if (opened != null) {
      opened.close();
    }
  }
}
