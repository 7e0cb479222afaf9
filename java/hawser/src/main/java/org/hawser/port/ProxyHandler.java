package org.hawser.port;

/** What a proxy of one's own does with its triggers: {@link CustomProxyService}. */
@FunctionalInterface
public interface ProxyHandler {
  /**
   * Serves one trigger, on the service's thread. It should not block: nothing behind the trigger is
   * served meanwhile. What it throws ends the service, and is told to everybody who uses it.
   *
   * @return false when the trigger cannot be served now, such as when a connection has no room: it
   *     is handed over again after a short while, and nothing behind it before
   */
  boolean handle(Trigger trigger);
}
