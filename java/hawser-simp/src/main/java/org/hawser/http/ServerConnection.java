package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.hawser.trust.PeerNames;

/**
 * One connection of a client. Requests are taken one after the other: what comes behind one that is
 * not answered yet is held. All but {@link #answer} belongs to the connection's thread.
 */
final class ServerConnection extends ChannelInboundHandlerAdapter {
  private static final ByteBuf CONTINUE =
      Unpooled.unreleasableBuffer(Wire.ascii("HTTP/1.1 100 Continue\r\n\r\n"));

  private static final long LINGER_MILLIS = 2000;

  private final HttpNode node;
  private final Queue<Object> held = new ArrayDeque<>();
  private ChannelHandlerContext context;
  private Head head;
  private Intake intake;
  private ByteBuf body;
  private boolean keepAlive;
  // The rest of a request that was refused is read and dropped.
  private boolean refused;
  // A whole request waits for its answer, or a head for room.
  private boolean busy;
  private boolean processingHeld;
  // More may be there to read at once.
  private boolean reading;
  // The last answer has been written; what comes in is dropped.
  private boolean closing;
  private List<String> peerNames;

  ServerConnection(HttpNode node) {
    this.node = node;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  @Override
  public void channelRead(ChannelHandlerContext unused, Object message) {
    reading = true;
    if (closing) {
      ReferenceCountUtil.release(message);
    } else if (busy) {
      held.add(message);
    } else {
      process(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext unused) {
    reading = false;
    context.flush();
  }

  private void process(Object message) {
    try {
      if (message instanceof HttpRequest request) {
        begin(request);
      }
      if (message instanceof HttpContent content) {
        add(content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void begin(HttpRequest request) {
    keepAlive = HttpUtil.isKeepAlive(request);
    refused = false;
    intake = null;
    if (request.decoderResult().isFailure()) {
      keepAlive = false;
      refuse(HttpAnswer.error(400, "this is no HTTP/1.1 request"));
      return;
    }
    long length = HttpUtil.getContentLength(request, 0L);
    if (length > node.options().maxBodyBytes()) {
      // What would have to be read to go on is what nobody wants to read.
      keepAlive = false;
      refuse(tooLong(length));
      return;
    }
    String uri = request.uri();
    int query = uri.indexOf('?');
    String path = query < 0 ? uri : uri.substring(0, query);
    String method = request.method().name();
    Optional<Routes.Route> route = node.routes().find(method, path);
    if (route.isEmpty()) {
      refuse(
          node.routes().knows(path)
              ? HttpAnswer.error(405, "Method Not Allowed")
              : HttpAnswer.error(404, "Not Found"));
      return;
    }
    intake = route.get().intake();
    head = new Head(method, path, route.get(), request.headers(), peerNames());
    begin(length);
    if (!refused && HttpUtil.is100ContinueExpected(request)) {
      context.writeAndFlush(CONTINUE.duplicate());
    }
  }

  private void begin(long length) {
    Optional<HttpAnswer> refusal = intake.check(head);
    if (refusal.isPresent()) {
      refuse(refusal.get());
      return;
    }
    body = intake.body(length, context.alloc());
    waitForRoom(System.nanoTime());
  }

  /** Reads on when the intake has room; refuses the request when that takes too long. */
  private void waitForRoom(long since) {
    if (intake.hasRoom(head, () -> context.executor().execute(() -> lookForRoom(since)))) {
      return;
    }
    if (!busy) {
      busy = true;
      context.channel().config().setAutoRead(false);
      long patience = node.options().patience().toNanos();
      context.executor().schedule(() -> lookForRoom(since), patience, TimeUnit.NANOSECONDS);
    }
  }

  private void lookForRoom(long since) {
    if (!busy || body == null || !context.channel().isActive()) {
      return;
    }
    if (intake.hasRoom(head, () -> context.executor().execute(() -> lookForRoom(since)))) {
      resume();
    } else if (System.nanoTime() - since >= node.options().patience().toNanos()) {
      keepAlive = false;
      refuse(HttpAnswer.error(503, "the mailbox is full; its owner receives nothing"));
      resume();
    }
  }

  private void resume() {
    busy = false;
    if (processingHeld) {
      return; // A caller further up goes on.
    }
    processingHeld = true;
    while (!busy && !closing && !held.isEmpty()) {
      process(held.remove());
    }
    processingHeld = false;
    if (!busy && !context.channel().config().isAutoRead()) {
      context.channel().config().setAutoRead(true);
    }
  }

  private void add(HttpContent content) {
    if (!refused) {
      ByteBuf bytes = content.content();
      if ((long) body.readableBytes() + bytes.readableBytes() > node.options().maxBodyBytes()) {
        keepAlive = false;
        refuse(tooLong((long) body.readableBytes() + bytes.readableBytes()));
        return;
      }
      body.writeBytes(bytes);
      if (content instanceof LastHttpContent) {
        end();
      }
    }
  }

  private void end() {
    ByteBuf whole = body;
    body = null;
    busy = true;
    intake.take(head, whole, this);
    if (busy) {
      context.channel().config().setAutoRead(false);
    }
  }

  private HttpAnswer tooLong(long length) {
    return HttpAnswer.error(
        413,
        "a body has at most %d bytes, not %d".formatted(node.options().maxBodyBytes(), length));
  }

  private void refuse(HttpAnswer answer) {
    refused = true;
    releaseBody();
    write(answer);
  }

  /** Answers the request that was taken last. Any thread may call it. */
  void answer(HttpAnswer answer) {
    if (context.executor().inEventLoop()) {
      write(answer);
      resume();
    } else {
      try {
        context.executor().execute(() -> answer(answer));
      } catch (RejectedExecutionException e) {
        answer.sent().run(); // The node is closed, and its connections with it.
      }
    }
  }

  /**
   * As {@link #answer}, with bytes that are an answer already; by the connection's thread. Answers
   * to what was read together go together.
   */
  void answerWhole(ByteBuf answer) {
    closeUnlessKept(context.write(answer));
    if (!reading) {
      context.flush();
    }
    resume();
  }

  private void write(HttpAnswer answer) {
    if (!context.channel().isActive()) {
      answer.sent().run();
      return;
    }
    long bytes = answer.body().byteSize();
    context.write(Wire.answerHead(answer.status(), answer.mediaType(), bytes, keepAlive));
    var written = context.writeAndFlush(Wire.wrap(answer.body()));
    written.addListener(_ -> answer.sent().run());
    closeUnlessKept(written);
  }

  /** Closes after an answer that is the last one. */
  private void closeUnlessKept(ChannelFuture written) {
    if (keepAlive) {
      return;
    }
    closing = true;
    if (refused) {
      // A close with bytes unread would take the answer away from who still sends.
      context.executor().schedule(() -> context.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    } else {
      written.addListener(ChannelFutureListener.CLOSE);
    }
  }

  /** After the handshake, which comes before the first request. */
  private List<String> peerNames() {
    if (peerNames == null) {
      SslHandler tls = context.pipeline().get(SslHandler.class);
      peerNames = tls == null ? List.of() : PeerNames.of(tls.engine().getSession());
    }
    return peerNames;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext unused, Object event) {
    if (event instanceof IdleStateEvent && !busy) {
      if (body != null) {
        keepAlive = false;
        refuse(HttpAnswer.error(408, "the request did not come to its end"));
      } else {
        context.close();
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext unused) {
    releaseBody();
    held.forEach(ReferenceCountUtil::release);
    held.clear();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext unused, Throwable cause) {
    node.log(cause);
    context.close();
  }

  private void releaseBody() {
    if (body != null) {
      body.release();
      body = null;
    }
  }
}
