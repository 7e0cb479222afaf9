package org.hawser.http;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;
import org.hawser.trust.Identity;

/**
 * The connections to one server, and what waits for one. Everything happens on one thread of the
 * transport, so that nothing here is locked; {@link #submit} may be called by any.
 */
final class Connections {
  private static final long LOOK_MILLIS = 250;
  private static final long MIN_RETRY_MILLIS = 20;
  private static final long MAX_RETRY_MILLIS = 1000;

  /** A server that was lost with requests under way is given so long to be found again. */
  private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final HostPort server;
  private final int rank;
  private final HttpOptions options;
  private final EventLoop loop;
  private final Bootstrap bootstrap;
  private final Style style;
  private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
  private final List<ClientConnection> open = new ArrayList<>();
  private int opening;
  private long retryMillis = MIN_RETRY_MILLIS;
  private boolean looking;
  private boolean closed;
  // Whether requests were lost that nothing has been answered since, and since when.
  private boolean troubled;
  private long troubledSince;
  private Throwable lastFailure;
  private Runnable onLost = () -> {};

  /** How connections are used. */
  enum Style {
    /** One connection, requests in order, one behind the other without a wait for answers. */
    PIPELINED(1, 4096, true, Long.MAX_VALUE),
    /** Several connections, each with one request at a time. */
    POOLED(16, 1, false, TimeUnit.SECONDS.toNanos(3));

    final int connections;
    final int requests;
    // Whether a server that does not listen is asked again until the request's time is over.
    final boolean persistent;
    // Beyond it a server may be about to close a connection, and nobody knows what it has read.
    final long idleNanos;

    Style(int connections, int requests, boolean persistent, long idleNanos) {
      this.connections = connections;
      this.requests = requests;
      this.persistent = persistent;
      this.idleNanos = idleNanos;
    }
  }

  /**
   * @param rank that is to answer there, -1 for anybody
   */
  Connections(HostPort server, int rank, HttpOptions options, Transport transport, Style style) {
    this.server = server;
    this.rank = rank;
    this.options = options;
    this.style = style;
    loop = transport.loop();
    bootstrap = transport.client(loop, options.patience(), initializer());
  }

  private ChannelInitializer<Channel> initializer() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        options.protection().identity().ifPresent(identity -> secure(channel, identity));
        channel
            .pipeline()
            .addLast(
                new HttpResponseDecoder(Transport.decoding()),
                new ClientConnection(Connections.this));
      }
    };
  }

  private void secure(Channel channel, Identity identity) {
    var engine = identity.client(server.host(), server.port(), rank);
    channel.pipeline().addLast(new SslHandler(engine));
  }

  /** Run by the connections' thread when one is lost. Set before the first {@link #submit}. */
  void onLost(Runnable action) {
    onLost = action;
  }

  HostPort server() {
    return server;
  }

  int maxBodyBytes() {
    return options.maxBodyBytes();
  }

  /** Sends a request when there is a connection for it. Exchanges end in any case, in time. */
  void submit(Exchange exchange) {
    if (loop.inEventLoop()) {
      add(exchange);
      return;
    }
    try {
      loop.execute(() -> add(exchange));
    } catch (RejectedExecutionException e) {
      exchange.failed(failure(ErrorCode.CLOSED, "the node is closed"));
    }
  }

  private void add(Exchange exchange) {
    if (closed) {
      exchange.failed(failure(ErrorCode.CLOSED, "the client is closed"));
      return;
    }
    waiting.add(exchange);
    pump();
    if (!looking) {
      looking = true;
      loop.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void pump() {
    while (!waiting.isEmpty()) {
      ClientConnection connection = free();
      if (connection == null) {
        openIfFewer();
        return;
      }
      while (!waiting.isEmpty() && connection.outstanding() < style.requests) {
        connection.write(waiting.poll());
      }
      connection.flush();
    }
  }

  private ClientConnection free() {
    long now = System.nanoTime();
    for (ClientConnection each : List.copyOf(open)) {
      if (each.isUsable() && each.outstanding() < style.requests) {
        if (each.outstanding() > 0 || now - each.idleSince() < style.idleNanos) {
          return each;
        }
        open.remove(each);
        each.close();
      }
    }
    return null;
  }

  private void openIfFewer() {
    if (open.size() + opening < style.connections && opening < waiting.size()) {
      opening++;
      bootstrap
          .connect(server.host(), server.port())
          .addListener((ChannelFuture connected) -> opened(connected));
    }
  }

  private void opened(ChannelFuture connected) {
    if (!connected.isSuccess()) {
      refused(connected.cause());
      return;
    }
    Channel channel = connected.channel();
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      clear(channel);
    } else {
      tls.handshakeFuture().addListener(shaken -> shaken(channel, tls, shaken.cause()));
    }
  }

  /** Nothing has been said yet. */
  private void clear(Channel channel) {
    try {
      InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
      options.protection().require(remote.getAddress(), "a connection");
      ready(channel);
    } catch (HawserException e) {
      channel.close();
      refused(e);
    }
  }

  private void shaken(Channel channel, SslHandler tls, Throwable failure) {
    Optional<String> stranger =
        options
            .protection()
            .identity()
            .filter(_ -> failure == null && rank >= 0)
            .flatMap(identity -> identity.refusal(rank, tls.engine().getSession()));
    if (failure != null) {
      refused(failure);
    } else if (stranger.isPresent()) {
      channel.close();
      refused(new HawserException(ErrorCode.REFUSED, stranger.get()));
    } else {
      ready(channel);
    }
  }

  private void ready(Channel channel) {
    opening--;
    if (closed) {
      channel.close();
      return;
    }
    open.add(channel.pipeline().get(ClientConnection.class));
    pump();
  }

  private void refused(Throwable cause) {
    lastFailure = cause;
    if (mayComeBack()) {
      later();
      return;
    }
    opening--;
    ErrorCode code = cause instanceof HawserException e ? e.code() : ErrorCode.LINK_FAILED;
    failAll(waiting, failure(code, "cannot connect: " + cause.getMessage()));
  }

  private boolean mayComeBack() {
    boolean lately = troubled && System.nanoTime() - troubledSince < AGAIN_NANOS;
    return !closed && (style.persistent || lately);
  }

  /** Connects after a while, longer each time until there is an answer. */
  private void later() {
    loop.schedule(this::again, retryMillis, TimeUnit.MILLISECONDS);
    retryMillis = Math.min(2 * retryMillis, MAX_RETRY_MILLIS);
  }

  private void again() {
    opening--;
    pump();
  }

  /** There was an answer: a connection has room again. */
  void freed() {
    retryMillis = MIN_RETRY_MILLIS;
    troubled = false;
    if (!waiting.isEmpty()) {
      pump();
    }
  }

  void broken(Throwable cause) {
    lastFailure = cause;
  }

  /** A connection is gone, with what it had under way. */
  void lost(ClientConnection connection, List<Exchange> unanswered) {
    open.remove(connection);
    long now = System.nanoTime();
    if (!unanswered.isEmpty() && !troubled) {
      troubled = true;
      troubledSince = now;
    }
    for (Exchange each : unanswered.reversed()) {
      if (each.deadline - now <= 0) {
        each.failed(late());
      } else if (each.isRepeatable() && mayComeBack()) {
        waiting.addFirst(each);
      } else if (each.deadline - System.nanoTime() <= 0) {
        each.failed(late());
      } else {
        String why = lastFailure == null ? "" : ": " + lastFailure.getMessage();
        each.failed(failure(ErrorCode.LINK_FAILED, "the connection was lost" + why));
      }
    }
    if (!waiting.isEmpty() && mayComeBack()) {
      opening++;
      later();
    } else {
      pump();
    }
    if (!closed) {
      onLost.run();
    }
  }

  /** Ends what has taken too long; goes on looking while there is something to look after. */
  private void look() {
    long now = System.nanoTime();
    waiting.removeIf(
        exchange -> {
          boolean late = exchange.deadline - now <= 0;
          if (late) {
            exchange.failed(late());
          }
          return late;
        });
    for (ClientConnection each : List.copyOf(open)) {
      if (each.isLate(now)) {
        broken(new HawserException(ErrorCode.TIMEOUT, "an answer did not come in time"));
        each.close();
      }
    }
    looking = !waiting.isEmpty() || open.stream().anyMatch(each -> each.outstanding() > 0);
    if (looking) {
      loop.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private HawserException late() {
    String why = lastFailure == null ? "" : "; last: " + lastFailure.getMessage();
    return failure(ErrorCode.TIMEOUT, "it did not answer in time" + why);
  }

  private HawserException failure(ErrorCode code, String what) {
    return new HawserException(code, "%s: %s".formatted(server, what), lastFailure);
  }

  private static void failAll(ArrayDeque<Exchange> exchanges, HawserException reason) {
    while (!exchanges.isEmpty()) {
      exchanges.poll().failed(reason);
    }
  }

  /** Fails what is under way, and closes the connections. Any thread may call it. */
  void close() {
    try {
      loop.execute(
          () -> {
            closed = true;
            failAll(waiting, failure(ErrorCode.CLOSED, "the client is closed"));
            List.copyOf(open).forEach(ClientConnection::close);
          });
    } catch (RejectedExecutionException e) {
      closed = true; // The thread has ended, and with it the connections.
    }
  }
}
