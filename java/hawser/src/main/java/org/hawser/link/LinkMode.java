package org.hawser.link;

/** What carries a link's messages. */
public enum LinkMode {
  /** Channels over a communicator that the parties already have: no port is opened. */
  CHANNELS,
  /** Libspu's own, between threads of one process. */
  MEM,
  /** Libspu's own over TCP: each party listens on a port. */
  BRPC
}
