package org.hawser.cli.readme;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.time.Duration;
import org.hawser.lane.LaneOptions;
import org.hawser.launch.Launch;
import org.hawser.mem.Buffer;
import org.hawser.port.EndpointConfig;
import org.hawser.port.PortBootstrap;
import org.hawser.port.PortContext;
import org.hawser.port.ProxyService;
import org.hawser.port.Transport;

/** Two ranks of a job: each puts a mebibyte into the other's memory. */
public final class Ports {
  public static void main(String[] arguments) {
    var limit = Duration.ofSeconds(30);
    int half = 1 << 20;
    try (var launch = Launch.detect().orElseThrow();
        var context = PortContext.open(LaneOptions.fromEnvironment().withRank(launch.rank()));
        var buffer = Buffer.allocateShared(2 * half);
        var proxy = new ProxyService(context)) {
      var memory = context.register(buffer.segment(), Transport.MEMORY);
      var peer =
          PortBootstrap.over(launch, context)
              .meet(EndpointConfig.of(Transport.MEMORY), memory, 1 - launch.rank(), limit)
              .await();
      var channel = peer.channel(proxy, memory);
      proxy.startProxy();
      buffer.segment().asSlice(0, half).fill((byte) (42 + launch.rank()));
      channel.putWithSignal(half, 0, half); // my first half into the peer's second one
      channel.awaitSignal(limit); // the peer's signal: all its bytes are here
      System.out.println(buffer.segment().get(JAVA_BYTE, 2 * half - 1));
      launch.fence(limit); // the peer has seen mine, too
    }
  }
}
