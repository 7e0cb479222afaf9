package org.hawser.http;

import org.hawser.lane.HostPort;

/** Where a node is, as mplang's cluster files say it. */
public final class Endpoint {
  private Endpoint() {}

  /**
   * Reads {@code HOST:PORT}, with {@code http://} before it or without.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when it is none
   */
  public static HostPort parse(String text) {
    return HostPort.parse(text.replaceFirst("^https?://", "").replaceFirst("/$", ""));
  }
}
