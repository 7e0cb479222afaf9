package org.hawser.lane;

import org.hawser.ErrorCode;
import org.hawser.HawserException;

/** Where a peer listens. */
public record HostPort(String host, int port) {
  private static final int MAX_PORT = 0xffff;

  /**
   * Reads {@code HOST[:PORT]}; an IPv6 address with a port stands in brackets.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it is none
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    boolean bracketed = text.startsWith("[");
    if (bracketed && text.endsWith("]")) {
      return new HostPort(text.substring(1, text.length() - 1), Lanes.PORT);
    }
    boolean bareIpv6 = !bracketed && colon != text.indexOf(':');
    if (colon < 0 || bareIpv6) {
      return new HostPort(text, Lanes.PORT);
    }
    String host = text.substring(0, colon);
    if (bracketed && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    return new HostPort(host, port(text, text.substring(colon + 1)));
  }

  public HostPort {
    if (host.isBlank()) {
      throw invalid("say which host: HOST or HOST:PORT");
    }
  }

  private static int port(String text, String digits) {
    try {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= MAX_PORT) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Told below, as for a number out of range.
    }
    throw invalid("\"%s\" has no port from 1 to 65535; write HOST or HOST:PORT".formatted(text));
  }

  private static HawserException invalid(String message) {
    return new HawserException(ErrorCode.INVALID_ARGUMENT, message);
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
