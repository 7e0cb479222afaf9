package org.hawser.port;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.comm.Communicator;
import org.hawser.launch.Launch;

/**
 * Brings the ports of several ranks together: sends the bytes of endpoints, memories and semaphores
 * to the peer, and takes the peer's.
 *
 * <pre>{@code
 * var bootstrap = PortBootstrap.over(launch, context);
 * for (PortPeer peer : bootstrap.meetAll(EndpointConfig.of(Transport.TCP), memory, limit)) {
 *   channels.add(peer.channel(proxy, memory));
 * }
 * }</pre>
 *
 * <p>Two ranks do the same things with each other in the same order. What one offers is published
 * before anything is waited for, and what was begun goes on by itself: ranks that begin with all
 * peers before they await any cannot lock each other up, whatever their order. The context is
 * opened with this rank. Any thread may use it; each rank makes one for a job.
 */
public final class PortBootstrap {
  private static final String KEYS = "hawser-port-";

  private final PortExchange exchange;
  private final PortContext context;
  private final Map<Integer, Integer> begun = new ConcurrentHashMap<>();

  private PortBootstrap(PortExchange exchange, PortContext context) {
    this.exchange = exchange;
    this.context = context;
  }

  /** Over the exchange of a job that a launcher started, which stays the caller's. */
  public static PortBootstrap over(Launch launch, PortContext context) {
    return new PortBootstrap(new LaunchExchange(launch), context);
  }

  /** Over a communicator, which stays the caller's. */
  public static PortBootstrap over(Communicator communicator, PortContext context) {
    return new PortBootstrap(new CommunicatorExchange(communicator), context);
  }

  public int rank() {
    return exchange.rank();
  }

  /** The number of ranks. */
  public int size() {
    return exchange.size();
  }

  public PortContext context() {
    return context;
  }

  /**
   * Connects with all other ranks, exchanges a memory with each, and joins a semaphore with each.
   * All ranks do the same.
   *
   * @return in the order of the ranks, without this one
   */
  public List<PortPeer> meetAll(EndpointConfig config, RegisteredMemory own, Duration timeout) {
    List<Pending<PortPeer>> begun =
        IntStream.range(0, size())
            .filter(peer -> peer != rank())
            .mapToObj(peer -> meet(config, own, peer, timeout))
            .toList();
    return begun.stream().map(Pending::await).toList();
  }

  /** As {@link #meetAll}, with one peer, which does the same. */
  public Pending<PortPeer> meet(
      EndpointConfig config, RegisteredMemory own, int peer, Duration timeout) {
    var deadline = Deadline.in(timeout);
    Pending<Connection> connection = connect(config, peer, timeout);
    Pending<RegisteredMemory> memory = exchange(own, peer, timeout);
    // Taken now: what is begun with the peer meanwhile does not come between.
    String key = nextKey(peer);
    return Pending.begin(
        () -> {
          Connection connected = connection.await();
          return new PortPeer(
              peer,
              connected,
              memory.await(),
              semaphore(connected, peer, key, deadline.remaining()).await());
        });
  }

  /**
   * Connects with a peer, which does the same.
   *
   * @throws HawserException UNSUPPORTED when the transport cannot be used here; all that the peer
   *     is needed for is told by the result
   */
  public Pending<Connection> connect(EndpointConfig config, int peer, Duration timeout) {
    var endpoint = context.endpoint(config);
    try {
      return begin(
          peer,
          nextKey(peer),
          endpoint::serialize,
          timeout,
          (told, left) -> {
            try (endpoint) {
              return endpoint.connect(told, left);
            }
          });
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  /** Sends a registered memory to a peer, and takes the peer's. */
  public Pending<RegisteredMemory> exchange(RegisteredMemory own, int peer, Duration timeout) {
    return begin(peer, nextKey(peer), own::serialize, timeout, context::deserialize);
  }

  /** A semaphore on a connection, joined with the peer's. */
  public Pending<Semaphore> semaphore(Connection connection, Duration timeout) {
    int peer = connection.peerRank();
    return semaphore(connection, peer, nextKey(peer), timeout);
  }

  private Pending<Semaphore> semaphore(
      Connection connection, int peer, String key, Duration timeout) {
    var semaphore = connection.semaphore();
    try {
      return begin(
          peer,
          key,
          semaphore::serialize,
          timeout,
          (told, left) -> {
            semaphore.join(told, left);
            return semaphore;
          });
    } catch (RuntimeException e) {
      semaphore.close();
      throw e;
    }
  }

  @FunctionalInterface
  private interface Completion<T> {
    T complete(byte[] told, Duration left);
  }

  private String nextKey(int peer) {
    requirePeer(peer);
    return KEYS + begun.merge(peer, 1, Integer::sum);
  }

  private <T> Pending<T> begin(
      int peer, String key, Supplier<byte[]> own, Duration timeout, Completion<T> completion) {
    var deadline = Deadline.in(timeout);
    exchange.send(peer, key, own.get(), timeout);
    return Pending.begin(
        () ->
            completion.complete(
                exchange.receive(peer, key, deadline.remaining()), deadline.remaining()));
  }

  private void requirePeer(int peer) {
    if (peer < 0 || peer >= size() || peer == rank()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d of %d has no peer of rank %d".formatted(rank(), size(), peer));
    }
  }
}
