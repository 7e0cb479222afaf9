package org.hawser.launch;

/**
 * Where rank 0 serves the exchange: the host and port that the others connect to, and the address
 * on which rank 0 itself listens (a host often has another name for itself than its peers have).
 */
record RendezvousAddress(String host, int port, String listen) {
  static RendezvousAddress local(int port) {
    return new RendezvousAddress("127.0.0.1", port, "127.0.0.1");
  }

  static RendezvousAddress anywhere(String host, int port) {
    return new RendezvousAddress(host, port, "0.0.0.0");
  }

  /** Reads HAWSER_RENDEZVOUS: {@code HOST:PORT}, an IPv6 address in brackets. */
  static RendezvousAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    var host = colon < 0 ? "" : text.substring(0, colon).strip();
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    var port = text.substring(colon + 1).strip();
    int number = port.matches("\\d{1,5}") ? Integer.parseInt(port) : 0;
    if (host.isEmpty() || number < 1 || number > 65_535) {
      throw Environment.invalid(
          "HAWSER_RENDEZVOUS=" + text + ": it is HOST:PORT, the port from 1 to 65535");
    }
    return new RendezvousAddress(host, number, host);
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
