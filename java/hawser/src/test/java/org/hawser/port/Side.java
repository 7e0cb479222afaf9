package org.hawser.port;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hawser.comm.Background;
import org.hawser.comm.Communicator;
import org.hawser.comm.ThreadCommunicator;
import org.hawser.lane.LaneOptions;
import org.hawser.mem.Buffer;
import org.junit.jupiter.api.Assumptions;

/** One of two ranks in this process, connected with the other, with a channel each way. */
final class Side implements AutoCloseable {
  static final Duration SOON = Duration.ofSeconds(30);
  static final int BYTES = 1 << 20;

  final Communicator communicator;
  final PortContext context;
  final PortBootstrap bootstrap;
  final Transport transport;
  final int peer;
  final Connection connection;
  final Buffer buffer;
  final RegisteredMemory memory;
  final RegisteredMemory remote;
  final Semaphore semaphore;
  final ProxyService proxy;
  final PortChannel channel;

  private Side(Communicator communicator, Transport transport, int fifo) {
    this.communicator = communicator;
    this.transport = transport;
    context = PortContext.open(options(communicator.rank()), "127.0.0.1");
    bootstrap = PortBootstrap.over(communicator, context);
    peer = 1 - communicator.rank();
    buffer = Buffer.allocateShared(BYTES);
    memory = context.register(buffer.segment(), transport);
    PortPeer met = bootstrap.meet(EndpointConfig.of(transport), memory, peer, SOON).await();
    connection = met.connection();
    remote = met.remote();
    semaphore = met.semaphore();
    proxy = new ProxyService(context, fifo);
    channel = met.channel(proxy, memory);
  }

  static LaneOptions options(int rank) {
    return LaneOptions.defaults().withLanes("=lo,lo,lo,lo").withRank(rank);
  }

  /** Skips what this build or machine has not. */
  static void assumeAvailable(Transport transport) {
    try (var probe = PortContext.open(options(-1), "127.0.0.1")) {
      probe
          .unavailability(transport)
          .ifPresent(reason -> Assumptions.abort(transport + ": " + reason.getMessage()));
    }
  }

  /** Two ranks whose proxies are not started. */
  static List<Side> pair(Transport transport, int fifo) {
    assumeAvailable(transport);
    var world = ThreadCommunicator.world(2);
    var other = Background.start(() -> new Side(world.get(1), transport, fifo));
    return List.of(new Side(world.get(0), transport, fifo), Background.join(other));
  }

  static List<Side> pair(Transport transport) {
    return pair(transport, ProxyService.FIFO_SIZE);
  }

  Side start() {
    proxy.startProxy();
    return this;
  }

  /** One more channel on the same proxy and connection, which the peer makes too. */
  CompletableFuture<PortChannel> another() {
    return Background.start(
        () ->
            proxy.portChannel(
                proxy.addSemaphore(bootstrap.semaphore(connection, SOON).await()),
                proxy.addMemory(remote),
                proxy.addMemory(memory)));
  }

  @Override
  public void close() {
    context.close();
    buffer.close();
    communicator.close();
  }
}
