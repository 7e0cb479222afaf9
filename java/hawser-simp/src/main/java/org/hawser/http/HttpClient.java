package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;

/** Asks nodes, over connections that are kept. Any thread may use it. */
public final class HttpClient implements AutoCloseable {
  private final HttpOptions options;
  private final Transport transport = new Transport();
  private final Map<HostPort, Connections> servers = new ConcurrentHashMap<>();

  private HttpClient(HttpOptions options) {
    this.options = options;
  }

  /**
   * @param options the longest body of an answer, patience with connections, and TLS
   */
  public static HttpClient open(HttpOptions options) {
    return new HttpClient(options);
  }

  /** Asks for something without a body. */
  public CompletableFuture<HttpReply> get(HostPort server, String path, Duration timeout) {
    return send(
        server, "GET", path, Map.of(), MediaTypes.JSON, Arena.global().allocate(0), timeout);
  }

  /**
   * Sends a request. Is never sent twice.
   *
   * @param path encoded
   * @param headers besides those that every request has
   * @param body of the heap or not; must stay as it is until the reply is there
   * @param timeout after which the reply fails with TIMEOUT
   * @return the reply, whatever its status; fails with a {@link HawserException} that names the
   *     server when there is none. What is done next with it must not block
   */
  public CompletableFuture<HttpReply> send(
      HostPort server,
      String method,
      String path,
      Map<String, String> headers,
      String mediaType,
      MemorySegment body,
      Duration timeout) {
    var head = new StringBuilder(Wire.requestHead(method, path, server.toString(), mediaType));
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.byteSize()).append("\r\n\r\n");
    var call = new Call(head.toString(), body, System.nanoTime() + timeout.toNanos());
    servers
        .computeIfAbsent(
            server, key -> new Connections(key, options, transport, Connections.Style.POOLED))
        .submit(call);
    return call.reply;
  }

  private static final class Call extends Exchange {
    private final String head;
    private final MemorySegment body;
    private final CompletableFuture<HttpReply> reply = new CompletableFuture<>();

    Call(String head, MemorySegment body, long deadline) {
      super(deadline);
      this.head = head;
      this.body = body;
    }

    @Override
    void write(Channel channel) {
      channel.write(Wire.ascii(head));
      channel.write(Wire.wrap(body));
    }

    @Override
    boolean isRepeatable() {
      return false;
    }

    @Override
    boolean wantsBody(int status) {
      return true;
    }

    @Override
    void answered(int status, HttpHeaders headers, ByteBuf whole) {
      try {
        // The receiver's for as long as it likes: nobody gives pooled memory back for it.
        MemorySegment copy = Arena.ofAuto().allocate(whole.readableBytes(), Long.BYTES);
        copy.copyFrom(Wire.view(whole));
        reply.complete(new HttpReply(status, headers, copy));
      } finally {
        whole.release();
      }
    }

    @Override
    void failed(HawserException reason) {
      reply.completeExceptionally(reason);
    }
  }

  /** Fails what is under way. */
  @Override
  public void close() {
    servers.values().forEach(Connections::close);
    transport.close();
  }
}
