package org.hawser.http;

import java.time.Duration;
import java.util.Optional;

/**
 * How a node listens and talks.
 *
 * @param host the address to listen at
 * @param port 0 for any free one
 * @param maxBodyBytes the longest body that it takes; longer ones are refused before they are read
 * @param patience how long a peer may take: for a request to come in whole, for a connection to
 *     open, and for room in a mailbox that is full
 * @param tls empty for clear text
 */
public record HttpOptions(
    String host, int port, int maxBodyBytes, Duration patience, Optional<HttpTls> tls) {
  /** Loopback, any free port, bodies up to 2 GiB, a minute, clear text. */
  public static final HttpOptions DEFAULT =
      new HttpOptions(
          "127.0.0.1", 0, Integer.MAX_VALUE - 8, Duration.ofSeconds(60), Optional.empty());

  public HttpOptions withAddress(String newHost, int newPort) {
    return new HttpOptions(newHost, newPort, maxBodyBytes, patience, tls);
  }

  public HttpOptions withMaxBodyBytes(int newMaxBodyBytes) {
    return new HttpOptions(host, port, newMaxBodyBytes, patience, tls);
  }

  public HttpOptions withPatience(Duration newPatience) {
    return new HttpOptions(host, port, maxBodyBytes, newPatience, tls);
  }

  public HttpOptions withTls(HttpTls newTls) {
    return new HttpOptions(host, port, maxBodyBytes, patience, Optional.of(newTls));
  }
}
