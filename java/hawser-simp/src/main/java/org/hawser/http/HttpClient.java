package org.hawser.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.hawser.HawserException;
import org.hawser.lane.HostPort;

/** Asks nodes, over connections that are kept. Any thread may use it. */
public final class HttpClient implements AutoCloseable {
  private final HttpOptions options;
  private final Transport transport = new Transport();
  private final Map<HostPort, Connections> servers = new ConcurrentHashMap<>();

  private final List<HostPort> ranks;

  private HttpClient(HttpOptions options, List<HostPort> ranks) {
    this.options = options;
    this.ranks = List.copyOf(ranks);
  }

  /**
   * @param options the longest body of an answer, patience with connections, and their protection
   */
  public static HttpClient open(HttpOptions options) {
    return open(options, List.of());
  }

  /**
   * As {@link #open(HttpOptions)}, for who knows the ranks: none is asked anything before it has
   * shown that it may speak as the rank that it should be.
   *
   * @param ranks where each serves
   */
  public static HttpClient open(HttpOptions options, List<HostPort> ranks) {
    return new HttpClient(options, ranks);
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
    return send(server, method, path, headers, mediaType, body, timeout, HttpClient::kept);
  }

  /** The receiver's for as long as it likes: nobody gives pooled memory back for it. */
  private static HttpReply kept(HttpReply reply) {
    MemorySegment copy = Arena.ofAuto().allocate(reply.body().byteSize(), Long.BYTES);
    return new HttpReply(reply.status(), reply.headers(), copy.copyFrom(reply.body()));
  }

  /**
   * As {@link #send(HostPort, String, String, Map, String, MemorySegment, Duration)}, for who reads
   * the reply's body at once, which saves a copy of it.
   *
   * @param read what the reply says; must not block. The reply's body is there while it runs
   * @return what was read; fails with what {@code read} throws too
   */
  public <T> CompletableFuture<T> send(
      HostPort server,
      String method,
      String path,
      Map<String, String> headers,
      String mediaType,
      MemorySegment body,
      Duration timeout,
      Function<HttpReply, T> read) {
    var head = new StringBuilder(Wire.requestHead(method, path, server.toString(), mediaType));
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.byteSize()).append("\r\n\r\n");
    var call = new Call<>(head.toString(), body, read, System.nanoTime() + timeout.toNanos());
    servers
        .computeIfAbsent(
            server,
            key ->
                new Connections(
                    key, ranks.indexOf(key), options, transport, Connections.Style.POOLED))
        .submit(call);
    return call.reply;
  }

  private static final class Call<T> extends Exchange {
    private final String head;
    private final MemorySegment body;
    private final Function<HttpReply, T> read;
    private final CompletableFuture<T> reply = new CompletableFuture<>();

    Call(String head, MemorySegment body, Function<HttpReply, T> read, long deadline) {
      super(deadline);
      this.head = head;
      this.body = body;
      this.read = read;
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
      T result;
      try {
        result = read.apply(new HttpReply(status, headers, Wire.view(whole)));
      } catch (RuntimeException | Error e) {
        reply.completeExceptionally(e);
        return;
      } finally {
        whole.release();
      }
      reply.complete(result);
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
