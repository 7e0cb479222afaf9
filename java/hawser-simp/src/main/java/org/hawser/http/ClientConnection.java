package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.List;

/** One connection to a server. Belongs to its {@link Connections}' thread. */
final class ClientConnection extends ChannelInboundHandlerAdapter {
  private static final int CONTINUE = 100;

  private final Connections owner;
  private final ArrayDeque<Exchange> unanswered = new ArrayDeque<>();
  private ChannelHandlerContext context;
  private HttpResponse response;
  private ByteBuf body;
  private boolean last;
  private long idleSince = System.nanoTime();

  ClientConnection(Connections owner) {
    this.owner = owner;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  int outstanding() {
    return unanswered.size();
  }

  /** Since when nothing is under way. */
  long idleSince() {
    return idleSince;
  }

  boolean isUsable() {
    return !last && context.channel().isActive();
  }

  /** Writes a request; {@link #flush} sends it. */
  void write(Exchange exchange) {
    unanswered.add(exchange);
    exchange.write(context.channel());
  }

  void flush() {
    context.flush();
  }

  /** Whether something under way should have been answered by now. */
  boolean isLate(long now) {
    return unanswered.stream().anyMatch(exchange -> exchange.deadline - now <= 0);
  }

  void close() {
    context.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext unused, Object message) {
    try {
      if (message instanceof HttpResponse head) {
        begin(head);
      }
      if (message instanceof HttpContent content) {
        add(content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void begin(HttpResponse head) {
    response = head;
    Exchange exchange = unanswered.peek();
    if (exchange == null || head.decoderResult().isFailure()) {
      context.close(); // An answer to nothing, or none at all: what follows cannot be trusted.
      return;
    }
    if (exchange.wantsBody(head.status().code())) {
      int length = (int) Math.min(owner.maxBodyBytes(), HttpUtil.getContentLength(head, 0L));
      body = context.alloc().directBuffer(Math.max(1, length));
    }
  }

  private void add(HttpContent content) {
    if (body != null) {
      if ((long) body.readableBytes() + content.content().readableBytes() > owner.maxBodyBytes()) {
        context.close();
        return;
      }
      body.writeBytes(content.content());
    }
    if (content instanceof LastHttpContent && response.status().code() != CONTINUE) {
      end();
    }
  }

  private void end() {
    Exchange exchange = unanswered.poll();
    ByteBuf whole = body;
    body = null;
    last |= !HttpUtil.isKeepAlive(response);
    idleSince = System.nanoTime();
    if (exchange != null) {
      exchange.answered(response.status().code(), response.headers(), whole);
    }
    if (last) {
      context.close();
    }
    owner.freed();
  }

  @Override
  public void channelInactive(ChannelHandlerContext unused) {
    if (body != null) {
      body.release();
      body = null;
    }
    owner.lost(this, List.copyOf(unanswered));
    unanswered.clear();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext unused, Throwable cause) {
    owner.broken(cause);
    context.close();
  }
}
