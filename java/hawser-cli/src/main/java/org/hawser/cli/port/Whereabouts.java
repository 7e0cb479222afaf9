package org.hawser.cli.port;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.hawser.port.PortContext;
import org.hawser.port.Transport;

/**
 * What two ranks tell each other to agree on a transport.
 *
 * @param machine equal where two processes share memory and sockets
 * @param transports that this rank can use
 */
record Whereabouts(String machine, Set<Transport> transports) {
  private static final List<Transport> FAR = List.of(Transport.IB0, Transport.TCP);

  static Whereabouts here(PortContext context) {
    return new Whereabouts(thisMachine(), context.transports());
  }

  private static String thisMachine() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()
          + Files.readSymbolicLink(Path.of("/proc/self/ns/net"));
    } catch (IOException e) {
      return ""; // Then no two processes are known to be near.
    }
  }

  /** The best that both have: memory on one machine, else RDMA, else the lanes. */
  Transport best(Whereabouts peer) {
    if (!machine.isEmpty() && machine.equals(peer.machine)) {
      return Transport.MEMORY;
    }
    return FAR.stream()
        .filter(each -> transports.contains(each) && peer.transports.contains(each))
        .findFirst()
        .orElse(Transport.TCP);
  }
}
