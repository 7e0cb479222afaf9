package org.hawser.http;

import java.time.Duration;
import org.hawser.trust.Identity;
import org.hawser.trust.Protection;

/**
 * How a node listens and talks.
 *
 * @param host the address to listen at
 * @param port 0 for any free one
 * @param maxBodyBytes the longest body that it takes; longer ones are refused before they are read
 * @param patience how long a peer may take: for a request to come in whole, for a connection to
 *     open, and for room in a mailbox that is full
 * @param protection by which identity, or in the clear
 */
public record HttpOptions(
    String host, int port, int maxBodyBytes, Duration patience, Protection protection) {
  /** Loopback, any free port, bodies up to 2 GiB, a minute, clear text on this machine alone. */
  public static final HttpOptions DEFAULT =
      new HttpOptions(
          "127.0.0.1", 0, Integer.MAX_VALUE - 8, Duration.ofSeconds(60), Protection.LOCAL);

  public HttpOptions withAddress(String newHost, int newPort) {
    return new HttpOptions(newHost, newPort, maxBodyBytes, patience, protection);
  }

  public HttpOptions withMaxBodyBytes(int newMaxBodyBytes) {
    return new HttpOptions(host, port, newMaxBodyBytes, patience, protection);
  }

  public HttpOptions withPatience(Duration newPatience) {
    return new HttpOptions(host, port, maxBodyBytes, newPatience, protection);
  }

  public HttpOptions withProtection(Protection newProtection) {
    return new HttpOptions(host, port, maxBodyBytes, patience, newProtection);
  }

  public HttpOptions withIdentity(Identity identity) {
    return withProtection(Protection.by(identity));
  }
}
