package org.hawser.port;

import java.time.Duration;

/** How a {@link PortBootstrap} passes small messages between ranks. Any thread may call. */
interface PortExchange {
  int rank();

  int size();

  /** Sends, and does not wait for the peer to receive. A key is used once a peer. */
  void send(int to, String key, byte[] bytes, Duration timeout);

  /** Waits for what the peer sent under a key. */
  byte[] receive(int from, String key, Duration timeout);
}
