package org.hawser.cli.port;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.common.Json;
import org.hawser.lane.LaneOptions;
import org.hawser.launch.Launch;
import org.hawser.mem.Buffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortChannel;
import org.hawser.port.PortContext;
import org.hawser.port.ProxyService;
import org.hawser.port.Transport;

/** One of the two ranks, from its set-up to its results. */
final class PortRank {
  private static final Duration MEET = Duration.ofSeconds(60);
  private static final int RANKS = 2;

  private final Launch launch;
  private final LaneOptions lanes;
  private final String address;
  private final int peer;

  /**
   * @param address where peers reach this process; empty for the first lane's
   */
  PortRank(Launch launch, LaneOptions lanes, String address) {
    if (launch.size() != RANKS) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: the example runs between 2 ranks, not %d".formatted(launch, launch.size()));
    }
    this.launch = launch;
    this.lanes = lanes.withRank(launch.rank());
    this.address = address;
    this.peer = RANKS - 1 - launch.rank();
  }

  /** How many iterations a size is measured with. */
  @FunctionalInterface
  interface Iterations {
    int of(long bytes);
  }

  /**
   * Runs all sizes.
   *
   * @param wanted null for the best that both ranks have
   * @param results is told each result, at rank 0
   * @return whether all data was right
   */
  boolean run(
      Transport wanted, List<Long> sizes, Iterations iterations, Consumer<PortResult> results) {
    long longest = sizes.stream().mapToLong(Long::longValue).max().orElseThrow();
    try (var context = PortContext.open(lanes, address);
        var buffer = Buffer.allocateShared(2 * longest);
        var proxy = new ProxyService(context)) {
      Transport transport = wanted != null ? wanted : agree(context);
      var example =
          new Bidirectional(
              channel(context, buffer, proxy, transport), buffer.segment(), launch.rank());
      proxy.startProxy();
      boolean verified = true;
      for (long bytes : sizes) {
        verified &= measure(example, transport, bytes, iterations.of(bytes), results);
      }
      proxy.stopProxy();
      launch.fence(MEET); // The peer's last waits are over: connections may go.
      return verified;
    }
  }

  private PortChannel channel(
      PortContext context, Buffer buffer, ProxyService proxy, Transport transport) {
    var memory = context.register(buffer.segment(), transport);
    return PortBootstrap.over(launch, context)
        .meet(EndpointConfig.of(transport), memory, peer, MEET)
        .await()
        .channel(proxy, memory);
  }

  private boolean measure(
      Bidirectional example,
      Transport transport,
      long bytes,
      int iterations,
      Consumer<PortResult> results) {
    var own = example.measure(bytes, iterations);
    var other = swap("finding-" + bytes, own, Bidirectional.Finding.class);
    boolean verified = own.verified() && other.verified();
    if (launch.rank() == 0) {
      results.accept(PortResult.of(transport.title(), bytes, own.nanosPerIter(), verified));
    }
    return verified;
  }

  private Transport agree(PortContext context) {
    var here = Whereabouts.here(context);
    return here.best(swap("whereabouts", here, Whereabouts.class));
  }

  private <T> T swap(String key, T own, Class<T> type) {
    launch.put(key, Json.write(own).getBytes(StandardCharsets.UTF_8));
    launch.commit();
    return Json.read(launch.get(peer, key, MEET), type);
  }
}
