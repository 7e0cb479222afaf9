package org.hawser.port;

/**
 * What a rank has of a peer after {@link PortBootstrap#meet}.
 *
 * @param remote the peer's memory
 * @param semaphore on the connection, joined with the peer's
 */
public record PortPeer(
    int rank, Connection connection, RegisteredMemory remote, Semaphore semaphore) {

  /** A channel of a proxy that puts from {@code local} into this peer's memory. */
  public PortChannel channel(ProxyService proxy, RegisteredMemory local) {
    return proxy.portChannel(
        proxy.addSemaphore(semaphore), proxy.addMemory(remote), proxy.addMemory(local));
  }
}
