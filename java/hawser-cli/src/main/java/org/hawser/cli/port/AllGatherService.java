package org.hawser.cli.port;

import java.time.Duration;
import java.util.List;
import org.hawser.port.CustomProxyService;
import org.hawser.port.PortPeer;
import org.hawser.port.ProxyHandler;
import org.hawser.port.RegisteredMemory;
import org.hawser.port.Trigger;

/**
 * A proxy of one's own: one trigger puts this rank's share into the memory of every peer and
 * signals each. The seed's {@code AllGatherProxyService}, to copy from.
 */
final class AllGatherService implements ProxyHandler, AutoCloseable {
  private final List<PortPeer> peers;
  private final RegisteredMemory memory;
  private final CustomProxyService proxy = new CustomProxyService(this);
  private final Trigger trigger = new Trigger();
  private int done; // of the trigger that is served: puts and signals, in turn

  /**
   * @param memory holds one share a rank, in their order
   */
  AllGatherService(List<PortPeer> peers, RegisteredMemory memory) {
    this.peers = peers;
    this.memory = memory;
    proxy.startProxy();
  }

  /** One thread at a time: gathers the shares of all ranks here, while they do the same. */
  void gather(long offset, long bytes, Duration timeout) {
    proxy.push(trigger.set(0, 0, 0, 0, offset, offset, bytes), timeout);
    peers.forEach(peer -> peer.semaphore().awaitSignal(timeout));
  }

  /** Never blocks: where a connection has no room it goes on there when it is called again. */
  @Override
  public boolean handle(Trigger share) {
    for (; done < 2 * peers.size(); done++) {
      PortPeer peer = peers.get(done / 2);
      boolean taken = done % 2 == 0 ? put(peer, share) : peer.connection().signal(peer.semaphore());
      if (!taken) {
        return false;
      }
    }
    done = 0;
    return true;
  }

  private boolean put(PortPeer peer, Trigger share) {
    return peer.connection()
        .put(peer.remote(), share.destinationOffset(), memory, share.sourceOffset(), share.bytes());
  }

  @Override
  public void close() {
    proxy.close();
  }
}
