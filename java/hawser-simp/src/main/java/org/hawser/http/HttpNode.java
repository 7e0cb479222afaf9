package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;

/** One port of this process, and who answers there. Any thread may use it. */
public final class HttpNode implements AutoCloseable {
  private static final Logger LOG = System.getLogger(HttpNode.class.getName());
  private static final int CLOSE_SECONDS = 5;
  // Each costs a thread at most, that of a handler.
  private static final int MAX_CONNECTIONS = 4096;

  private final HttpOptions options;
  private final Transport transport = new Transport();
  private final Routes routes = new Routes();
  private final List<Runnable> onClose = new CopyOnWriteArrayList<>();
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  // Platform threads: handlers run programs that block in native code.
  private final ExecutorService handlers =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("hawser-http-", 0).factory());
  private final Channel listening;

  private HttpNode(HttpOptions options) {
    this.options = options;
    var address = new InetSocketAddress(options.host(), options.port());
    if (!address.isUnresolved()) {
      options.protection().require(address.getAddress(), "what listens");
    }
    listening = listen(address);
  }

  /**
   * Listens. Nothing is answered but 404 until routes are added.
   *
   * @throws HawserException (IO) when the address cannot be listened at, naming it; (REFUSED) when
   *     it is not loopback's, and clear text may not leave the machine
   */
  public static HttpNode open(HttpOptions options) {
    return new HttpNode(options);
  }

  private Channel listen(InetSocketAddress address) {
    var initializer =
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            if (connections.size() >= MAX_CONNECTIONS) {
              channel.close();
              return;
            }
            connections.add(channel);
            options
                .protection()
                .identity()
                .ifPresent(
                    identity -> channel.pipeline().addLast(new SslHandler(identity.server())));
            channel
                .pipeline()
                .addLast(
                    new IdleStateHandler(
                        options.patience().toMillis(), 0, 0, TimeUnit.MILLISECONDS),
                    new HttpRequestDecoder(Transport.decoding()),
                    new ServerConnection(HttpNode.this));
          }
        };
    ChannelFuture bound = transport.server(initializer).bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      transport.close();
      handlers.shutdown();
      throw new HawserException(
          ErrorCode.IO,
          "cannot listen at %s:%d: %s"
              .formatted(options.host(), options.port(), bound.cause().getMessage()),
          bound.cause());
    }
    return bound.channel();
  }

  public HttpOptions options() {
    return options;
  }

  /** Where it listens. */
  public HostPort address() {
    InetSocketAddress bound = (InetSocketAddress) listening.localAddress();
    return new HostPort(options.host(), bound.getPort());
  }

  /**
   * Has a handler answer requests.
   *
   * @param pattern such as {@code /exec/{id}/status}: a name in braces stands for one part that is
   *     not empty
   */
  public void route(String method, String pattern, HttpHandler handler) {
    routes.add(method, pattern, new HandlerIntake(handler));
  }

  /** As {@link #route(String, String, HttpHandler)}, on the connection's own thread. */
  void route(String method, String pattern, Intake intake) {
    routes.add(method, pattern, intake);
  }

  /** Has something run when this is closed, before its threads end. */
  void onClose(Runnable action) {
    onClose.add(action);
  }

  /** Takes the routes to an intake back; their paths are unknown from now on. */
  void withdraw(Intake intake) {
    routes.remove(intake);
  }

  private final class HandlerIntake implements Intake {
    private final HttpHandler handler;

    HandlerIntake(HttpHandler handler) {
      this.handler = handler;
    }

    @Override
    public Optional<HttpAnswer> check(Head head) {
      return head.parameters().isPresent()
          ? Optional.empty()
          : Optional.of(HttpAnswer.error(404, "Not Found"));
    }

    @Override
    public void take(Head head, ByteBuf body, ServerConnection connection) {
      handlers.execute(() -> connection.answer(answer(head, body)));
    }

    private HttpAnswer answer(Head head, ByteBuf body) {
      try {
        return handler.handle(
            new HttpAsk(
                head.method(),
                head.path(),
                head.parameters().orElseThrow(),
                head.headers(),
                Wire.view(body),
                head.peerNames()));
      } catch (HawserException e) {
        return HttpAnswer.error(500, e.getMessage());
      } catch (RuntimeException e) {
        LOG.log(
            Level.ERROR, "the handler of %s %s failed".formatted(head.method(), head.path()), e);
        return HttpAnswer.error(500, "internal error: " + e.getClass().getName());
      } finally {
        body.release();
      }
    }
  }

  Routes routes() {
    return routes;
  }

  Transport transport() {
    return transport;
  }

  /** What goes wrong on a connection is its client's business: resets, handshakes that fail. */
  void log(Throwable cause) {
    LOG.log(
        cause instanceof IOException || cause instanceof DecoderException
            ? Level.DEBUG
            : Level.WARNING,
        "a connection failed",
        cause);
  }

  /** Stops listening, lets handlers end within 5 seconds, and closes all connections. */
  @Override
  public void close() {
    listening.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    handlers.shutdown();
    try {
      if (!handlers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        handlers.shutdownNow();
      }
    } catch (InterruptedException e) {
      handlers.shutdownNow();
      Thread.currentThread().interrupt();
    }
    onClose.forEach(Runnable::run);
    connections.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    transport.close();
  }
}
