package org.hawser.cli.port;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.hawser.mem.DeviceBuffer;
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

  /** The best of one machine alone. */
  static Transport bestOfMachine() {
    return DeviceBuffer.gpus() > 0 ? Transport.CUDA_IPC : Transport.MEMORY;
  }

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

  /** The best that both have: a GPU's or memory on one machine, else RDMA, else the lanes. */
  Transport best(Whereabouts peer) {
    if (!machine.isEmpty() && machine.equals(peer.machine)) {
      return has(peer, Transport.CUDA_IPC) ? Transport.CUDA_IPC : Transport.MEMORY;
    }
    return FAR.stream().filter(each -> has(peer, each)).findFirst().orElse(Transport.TCP);
  }

  private boolean has(Whereabouts peer, Transport transport) {
    return transports.contains(transport) && peer.transports.contains(transport);
  }
}
