package org.hawser.http;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The threads that do a node's input and output, and the sockets of this machine's kernel. */
final class Transport implements AutoCloseable {
  private static final int THREADS = 2;
  private static final int BACKLOG = 1024;
  // Bytes read at once: few for short messages, and no more than a core's cache holds.
  private static final int MIN_READ = 4 << 10;
  private static final int FIRST_READ = 16 << 10;
  private static final int MAX_READ = 256 << 10;
  private static final boolean EPOLL = Epoll.isAvailable();

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(
          THREADS, EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

  /** One of the threads; what is bound to it needs no locks. */
  EventLoop loop() {
    return loops.next();
  }

  ServerBootstrap server(ChannelInitializer<Channel> connections) {
    return new ServerBootstrap()
        .group(loops)
        .channel(EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(
            ChannelOption.RECVBUF_ALLOCATOR,
            new AdaptiveRecvByteBufAllocator(MIN_READ, FIRST_READ, MAX_READ))
        .childHandler(connections);
  }

  Bootstrap client(EventLoop loop, Duration timeout, ChannelInitializer<Channel> connections) {
    return new Bootstrap()
        .group(loop)
        .channel(EPOLL ? EpollSocketChannel.class : NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(
            ChannelOption.CONNECT_TIMEOUT_MILLIS,
            (int) Math.min(Integer.MAX_VALUE, timeout.toMillis()))
        .handler(connections);
  }

  /** How requests and answers are read: bodies in pieces as long as they come. */
  static HttpDecoderConfig decoding() {
    return new HttpDecoderConfig().setMaxChunkSize(MAX_READ);
  }

  /** Ends the threads, without a wait for what they do. */
  @Override
  public void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
