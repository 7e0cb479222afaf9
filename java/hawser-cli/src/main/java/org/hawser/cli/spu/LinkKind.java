package org.hawser.cli.spu;

/** What carries the messages of a computation, by the names that options have. */
public enum LinkKind {
  /** Libspu's own, between threads of one process. */
  mem,
  /** Channels between threads of one process. */
  thread,
  /** Channels over lanes. */
  lanes,
  /** Libspu's own over TCP; inputs and results go over lanes. */
  brpc,
  /** Channels over HTTP, as mplang's workers talk. */
  http;

  /** Whether the parties can only be threads of one process. */
  boolean isLocal() {
    return this == mem || this == thread;
  }

  /** Whether the program's messages pass through the parties' communicator, which counts them. */
  boolean isCounted() {
    return this == thread || this == lanes || this == http;
  }
}
