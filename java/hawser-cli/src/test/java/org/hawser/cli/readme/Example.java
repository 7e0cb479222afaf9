package org.hawser.cli.readme;

import java.time.Duration;
import org.hawser.lane.Lanes;

/** Without an argument it receives; with the receiver's host it sends. */
public final class Example {
  public static void main(String[] hosts) {
    var limit = Duration.ofSeconds(30);
    int port = Integer.getInteger("port", Lanes.PORT);
    try (var lanes = Lanes.open();
        var memory = lanes.allocate(64 << 20)) {
      if (hosts.length == 0) {
        try (var server = lanes.listen(null, port);
            var link = server.accept(limit)) {
          long bytes = link.receive(memory.segment(), 7).await(limit);
          System.out.println(bytes + " bytes from " + link.peer());
        }
      } else {
        try (var link = lanes.connect(hosts[0], port, limit)) {
          memory.segment().fill((byte) 42);
          link.send(memory.segment(), 7).await(limit);
          link.lanes().forEach(lane -> System.out.println(lane.device() + " " + lane.sentBytes()));
        }
      }
    }
  }
}
