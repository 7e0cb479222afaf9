package org.hawser.port;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
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
 * var connection = bootstrap.connect(EndpointConfig.of(Transport.TCP), peer, limit).await();
 * var remote = bootstrap.exchange(local, peer, limit).await();
 * var semaphore = bootstrap.semaphore(connection, limit).await();
 * }</pre>
 *
 * <p>Two ranks do the same things with each other in the same order. What one offers is published
 * before anything is waited for, and each thing that was begun goes on by itself: no order among
 * several peers can lock ranks into each other. Any thread may use it; each rank makes one for a
 * job.
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
    return begin(peer, own::serialize, timeout, context::deserialize);
  }

  /** A semaphore on a connection, joined with the peer's. */
  public Pending<Semaphore> semaphore(Connection connection, Duration timeout) {
    var semaphore = connection.semaphore();
    try {
      return begin(
          connection.peerRank(),
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

  private <T> Pending<T> begin(
      int peer, Supplier<byte[]> own, Duration timeout, Completion<T> completion) {
    requirePeer(peer);
    var deadline = Deadline.in(timeout);
    String name = KEYS + begun.merge(peer, 1, Integer::sum);
    exchange.send(peer, name, own.get(), timeout);
    return Pending.begin(
        () ->
            completion.complete(
                exchange.receive(peer, name, deadline.remaining()), deadline.remaining()));
  }

  private void requirePeer(int peer) {
    if (peer < 0 || peer >= size() || peer == rank()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "rank %d of %d has no peer of rank %d".formatted(rank(), size(), peer));
    }
  }
}
