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

  /**
   * What to ask for.
   *
   * @param path encoded
   * @param headers besides those that every request has
   * @param body of the heap or not; must stay as it is until the reply is there
   * @param timeout after which the reply fails with TIMEOUT
   * @param isRepeatable whether the server may get it twice: it is sent again when its connection
   *     is lost, unless the server has been gone for seconds
   */
  public record Request(
      String method,
      String path,
      Map<String, String> headers,
      String mediaType,
      MemorySegment body,
      Duration timeout,
      boolean isRepeatable) {}

  /**
   * Asks for something without a body.
   *
   * @return the reply, whatever its status; fails as {@link #send} does
   */
  public CompletableFuture<HttpReply> get(HostPort server, String path, Duration timeout) {
    var nothing = Arena.global().allocate(0);
    var request = new Request("GET", path, Map.of(), MediaTypes.JSON, nothing, timeout, true);
    return send(server, request, HttpClient::kept);
  }

  /** The receiver's for as long as it likes: nobody gives pooled memory back for it. */
  private static HttpReply kept(HttpReply reply) {
    MemorySegment copy = Arena.ofAuto().allocate(reply.body().byteSize(), Long.BYTES);
    return new HttpReply(reply.status(), reply.headers(), copy.copyFrom(reply.body()));
  }

  /**
   * Sends a request.
   *
   * @param read what the reply says, whatever its status; must not block. The reply's body is there
   *     while it runs
   * @return what was read; fails with what {@code read} throws, and with a {@link HawserException}
   *     that names the server when there is no reply. What is done next with it must not block
   */
  public <T> CompletableFuture<T> send(
      HostPort server, Request request, Function<HttpReply, T> read) {
    var call = new Call<>(server, request, read);
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
    private final Request request;
    private final Function<HttpReply, T> read;
    private final CompletableFuture<T> reply = new CompletableFuture<>();

    Call(HostPort server, Request request, Function<HttpReply, T> read) {
      super(System.nanoTime() + request.timeout.toNanos());
      var head =
          new StringBuilder(
              Wire.requestHead(request.method, request.path, server.toString(), request.mediaType));
      request.headers.forEach(
          (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
      head.append("Content-Length: ").append(request.body.byteSize()).append("\r\n\r\n");
      this.head = head.toString();
      this.request = request;
      this.read = read;
    }

    @Override
    void write(Channel channel) {
      channel.write(Wire.ascii(head));
      channel.write(Wire.wrap(request.body));
    }

    @Override
    boolean isRepeatable() {
      return request.isRepeatable;
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
